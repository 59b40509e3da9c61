/** Which collectors traces may be sent to: none of the addresses that no collector has. */
import { allowedHosts, isForbiddenHost } from "../forbidden-address.ts";
import { collectorVariables, type Environment } from "./trace-settings.ts";

/** Endpoints of collectors that nothing may be sent to, in words. Other faults of an endpoint are the exporter's to tell. */
export function findForbiddenEndpoints(env: Environment): readonly string[] {
  return collectorVariables.flatMap((name) => {
    const text = env[name] ?? "";
    const isBad = URL.canParse(text) && isForbiddenHost(new URL(text).hostname);
    return isBad ? [`${name}: expected the address of a collector, ${allowedHosts}`] : [];
  });
}
