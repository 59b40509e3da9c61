/** Decides whether a Host header may name the control port: what a page in a browser could be led to by DNS may not. */
import { isIP } from "node:net";
import type { VisitHeaders } from "../downstream/visit.ts";

/**
 * Says whether a Host value is an IP address, `localhost` or one of the given names (lower case, without port).
 * An address can't be rebound to another machine, a name can. Source: MCP 2025-11-25 transports, "Security Warning".
 */
export function isAllowedHost(host: VisitHeaders[string], names: readonly string[]): boolean {
  const name = (typeof host === "string" ? host : "").toLowerCase().replace(/:[0-9]{1,5}$/, "");
  const address = name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name;
  return isIP(address) !== 0 || name === "localhost" || names.includes(name);
}
