/** Which collectors of traces a sidecar may send to: none of the addresses that no collector has. */
import { collectorVariables, type Environment } from "@outrigger/runtime/trace-settings";
import { allowedHosts, isForbiddenHost } from "../../upstream/forbidden-address.ts";

/** Endpoints of collectors that nothing may be sent to, in words. Other faults of an endpoint are the exporter's to tell. */
export function findForbiddenEndpoints(env: Environment): readonly string[] {
  return collectorVariables.flatMap((name) => {
    const text = env[name] ?? "";
    const isBad = URL.canParse(text) && isForbiddenHost(new URL(text).hostname);
    return isBad ? [`${name}: expected the address of a collector, ${allowedHosts}`] : [];
  });
}
