/**
 * Who may talk to the endpoint by Host and Origin: the defence against web pages that reach local servers under a name of their
 * own (DNS rebinding). Pure. Source: MCP 2026-07-28 transports, "Security Warning".
 */
import { isIP } from "node:net";
import type { WireReason } from "@outrigger/api/errors";

/**
 * Names that are accepted beside the loopback names: hosts without port, origins as `https://app.example` or as a host. A Host
 * that is an IP address is always accepted: rebinding needs a name.
 */
export interface AllowedNames {
  readonly hosts: readonly string[];
  readonly origins: readonly string[];
}

const loopback: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** The reason to refuse a request with these headers; undefined where it may go on. An absent Origin is fine. */
export function checkNames(
  headers: { readonly host?: string | undefined; readonly origin?: string | undefined },
  allowed: AllowedNames,
): Extract<WireReason, "HostNotAllowed" | "OriginNotAllowed"> | undefined {
  const host = readHostName(headers.host);
  if (!isAllowed(host, allowed.hosts) && !isAddress(host)) return "HostNotAllowed";
  const { origin } = headers;
  if (origin === undefined) return undefined;
  const isKnown = isNamedOrigin(origin, allowed.origins) || isAllowed(readOriginName(origin), []);
  return isKnown ? undefined : "OriginNotAllowed";
}

/** Says whether an origin is one of those that were named, loopback ones not among them. */
export function isNamedOrigin(origin: string, named: AllowedNames["origins"]): boolean {
  const name = readOriginName(origin);
  return named.includes(origin.toLowerCase()) || (name !== undefined && named.includes(name));
}

function isAllowed(name: string | undefined, names: readonly string[]): boolean {
  return name !== undefined && (loopback.includes(name) || names.includes(name));
}

function isAddress(name: string | undefined): boolean {
  return name !== undefined && isIP(name.replace(/^\[|\]$/g, "")) !== 0;
}

/** The host name without its port, in lower case; undefined where the header is no host. */
function readHostName(host: string | undefined): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?$/i.exec(host ?? "");
  return match?.[1]?.toLowerCase();
}

function readOriginName(origin: string): string | undefined {
  const match = /^https?:\/\/(.+)$/i.exec(origin);
  return match === null ? undefined : readHostName(match[1]);
}
