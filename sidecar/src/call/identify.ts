/**
 * Who may talk to the sidecar and who is talking: Host, Origin and the caller's id. Stage before the body is read.
 * Checked here because the server behind sees a rewritten Host and no Origin (MCP 2025-11-25 transports, "Security Warning").
 */
import { isIP } from "node:net";
import type { WireReason } from "@outrigger/api/errors";

/** Names under which the sidecar may be addressed, lower-case and without port; loopback names and own addresses always may. */
export interface AddressRules {
  readonly hosts: ReadonlySet<string>;
}

/** What the connection and the headers say. `localAddress`: the address that the client connected to. */
export interface Arrival {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly localAddress: string | undefined;
}

const loopbackNames: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** The refusal that fits an arrival, or undefined where it may go on. */
export function refuseArrival(arrival: Arrival, rules: AddressRules): WireReason | undefined {
  if (!isAllowedName(nameOf(arrival.host), arrival, rules)) return "HostNotAllowed";
  if (arrival.origin === undefined) return undefined;
  return isAllowedName(nameOfOrigin(arrival.origin), arrival, rules) ? undefined : "OriginNotAllowed";
}

/** The same as a check that remembers the last arrival that it let in: most come alike. */
export function createArrivalCheck(rules: AddressRules): (arrival: Arrival) => WireReason | undefined {
  let last: Arrival | undefined;
  return (arrival) => {
    const isLikeLast = last?.host === arrival.host && last?.localAddress === arrival.localAddress;
    if (last !== undefined && isLikeLast && arrival.origin === undefined) return undefined;
    const refused = refuseArrival(arrival, rules);
    if (refused === undefined) last = arrival;
    return refused;
  };
}

function isAllowedName(name: string | undefined, arrival: Arrival, rules: AddressRules): boolean {
  if (name === undefined) return false;
  return loopbackNames.has(name) || rules.hosts.has(name) || isOwnAddress(name, arrival.localAddress);
}

/** An address literal that equals the one connected to can't be a rebound name. */
function isOwnAddress(name: string, localAddress: string | undefined): boolean {
  const literal = name.replace(/^\[|\]$/g, "");
  return isIP(literal) !== 0 && localAddress?.replace(/^::ffff:/, "") === literal;
}

/** Host without port, lower-case: `localhost:8080` gives `localhost`, `[::1]:80` gives `[::1]`. */
function nameOf(host: string | undefined): string | undefined {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:/@\s[\]]+)(?::[0-9]{1,5})?$/.exec(host ?? "");
  return match?.[1]?.toLowerCase();
}

function nameOfOrigin(origin: string): string | undefined {
  const match = /^[a-z][a-z0-9+.-]*:\/\/(.+)$/i.exec(origin);
  return nameOf(match?.[1]);
}

/** Says whether somebody vouched for a caller, by its id. */
export const isVouchedFor = (caller: string): boolean => !caller.startsWith("address:");

/** The caller's id: without a signed assertion nobody is told apart but by address. */
export function identifyCaller(remoteAddress: string | undefined): string {
  const address = remoteAddress?.startsWith("::ffff:") === true ? remoteAddress.slice(7) : remoteAddress;
  return `address:${address ?? "unknown"}`;
}
