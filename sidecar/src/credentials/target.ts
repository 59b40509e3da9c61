/**
 * To which addresses secrets may be sent: public ones over TLS, and those of private networks that somebody named. A name is looked at
 * again when it is looked up for a connection, since its owner may change what it stands for. Pure but for the look-up itself.
 */
import type { LookupFunction } from "node:net";
import {
  allowedHosts,
  createGuardedLookup,
  createPublicLookup,
  isForbiddenHost,
  isPrivateHost,
} from "@outrigger/runtime/forbidden-address";
import { lookUpLocalhost } from "../upstream/http1/localhost.ts";

/** Whether secrets may go to an address, and how its name is looked up; else what was expected. */
export type Target =
  { readonly ok: true; readonly lookup: LookupFunction } | { readonly ok: false; readonly expected: string };

/** Hosts that may be private: the listed ones, and what was written down as an address or as localhost. */
export function namePrivateHosts(listed: readonly string[], written: readonly string[]): ReadonlySet<string> {
  const hosts = written.map((url) => new URL(url).hostname);
  return new Set([...listed.map(bare), ...hosts.filter(isPrivateHost).map(bare)]);
}

/** Judges an address. */
export function judgeTarget(url: URL, named: ReadonlySet<string>): Target {
  const { hostname, protocol } = url;
  if (isForbiddenHost(hostname)) return { ok: false, expected: `an address that is ${allowedHosts}` };
  const isNamed = named.has(bare(hostname));
  if (isNamed) return { ok: true, lookup: hostname === "localhost" ? lookUpLocalhost : createGuardedLookup() };
  if (isPrivateHost(hostname)) return { ok: false, expected: "a public address, or its host under privateHosts" };
  if (protocol !== "https:") return { ok: false, expected: "an address of https, or its host under privateHosts" };
  return { ok: true, lookup: createPublicLookup() };
}

const bare = (host: string): string => host.replace(/^\[|\]$/g, "").toLowerCase();
