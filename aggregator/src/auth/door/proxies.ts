/**
 * From where a request really comes and what its client asked for, behind proxies: their headers are believed where the connection is one of a
 * range that was named, and else not looked at. Pure. Source: RFC 7239.
 */
import type { IncomingHttpHeaders } from "node:http";
import { BlockList, isIP } from "node:net";
import type { ParsedSetting } from "@outrigger/runtime/config";

/** Ranges of proxies that are believed. */
export type TrustedProxies = (address: string) => boolean;

/** A request as far as this is read from it. `peer`: the address of the connection. */
export interface ProxiedRequest {
  readonly peer: string | undefined;
  readonly isEncrypted: boolean;
  readonly headers: IncomingHttpHeaders;
}

/** Where it comes from. `host`: as the client asked for it, with its port. */
export interface Origin {
  readonly address: string;
  readonly scheme: "http" | "https";
  readonly host: string | undefined;
  /** The connection is one of a trusted proxy. */
  readonly isProxied: boolean;
}

/** Which headers proxies write. One kind alone is read: a proxy that writes one hands on what clients have put into the other. */
export type ProxyHeaders = "x-forwarded" | "forwarded";

/** What is believed. */
export interface ProxyTrust {
  readonly isTrusted: TrustedProxies;
  readonly headers: ProxyHeaders;
}

/** Nobody. */
export const trustNobody: TrustedProxies = () => false;

/** Reads ranges: addresses and CIDR, separated by commas. */
export function parseProxies(text: string): ParsedSetting<TrustedProxies> {
  const list = new BlockList();
  for (const range of text.split(",").map((each) => readRange(each.trim()))) {
    if (range === undefined) return { ok: false, expected: 'ranges of proxies such as "10.0.0.0/8,fd00::/8"' };
    list.addSubnet(range.address, range.length, range.family);
  }
  return { ok: true, value: (address) => isIP(address) !== 0 && list.check(address, familyOf(address)) };
}

/** A range of all addresses is none, since it would let every client say who it is. */
function readRange(text: string) {
  const [, address = "", bits] = /^([^/]+)(?:\/([0-9]{1,3}))?$/.exec(text) ?? [];
  if (isIP(address) === 0) return undefined;
  const family = familyOf(address);
  const most = family === "ipv6" ? 128 : 32;
  const length = Number(bits ?? most);
  return length >= 1 && length <= most ? { address, length, family } : undefined;
}

const familyOf = (address: string): "ipv4" | "ipv6" => (isIP(address) === 6 ? "ipv6" : "ipv4");

/** Reads where a request comes from. */
export function readOrigin({ peer, isEncrypted, headers }: ProxiedRequest, trust: ProxyTrust): Origin {
  const address = bare(peer);
  const scheme = isEncrypted ? "https" : "http";
  if (!trust.isTrusted(address)) return { address, scheme, host: headers.host, isProxied: false };
  const hops = trust.headers === "forwarded" ? readForwarded(headers) : readXForwarded(headers);
  const hop = findClient(hops, trust.isTrusted);
  const client = bare(hop.for);
  return {
    address: isIP(client) === 0 ? address : client,
    scheme: hop.proto === undefined ? scheme : readScheme(hop.proto),
    host: hop.host ?? headers.host,
    isProxied: true,
  };
}

/** Each proxy adds itself behind: the last one that is none of ours is who asks; in front of it anybody may have written. */
function findClient(hops: readonly Hop[], isTrusted: TrustedProxies): Hop {
  return hops.findLast((hop) => !isTrusted(bare(hop.for))) ?? hops[0] ?? unknownHop;
}

const readScheme = (text: string): "http" | "https" => (text.toLowerCase() === "https" ? "https" : "http");

interface Hop {
  readonly for: string | undefined;
  readonly proto: string | undefined;
  readonly host: string | undefined;
}

function readForwarded({ forwarded }: IncomingHttpHeaders): readonly Hop[] {
  const text = typeof forwarded === "string" ? forwarded : "";
  const hops = splitQuoted(text, ",").map(readElement);
  return hops.length === 0 ? [unknownHop] : hops;
}

const unknownHop: Hop = { for: undefined, proto: undefined, host: undefined };

/** Of scheme and host the last value is the nearest proxy's. */
function readXForwarded(headers: IncomingHttpHeaders): readonly Hop[] {
  const addresses = readList(headers["x-forwarded-for"]);
  const [proto, host] = [readList(headers["x-forwarded-proto"]).at(-1), readList(headers["x-forwarded-host"]).at(-1)];
  return (addresses.length === 0 ? [undefined] : addresses).map((each) => ({ for: each, proto, host }));
}

function readElement(element: string): Hop {
  const pairs = new Map(
    splitQuoted(element, ";").map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at).trim().toLowerCase(), unquote(pair.slice(at + 1).trim())] as const;
    }),
  );
  return { for: pairs.get("for"), proto: pairs.get("proto"), host: pairs.get("host") };
}

function readList(value: string | readonly string[] | undefined): readonly string[] {
  const text = typeof value === "string" ? value : (value ?? []).join(",");
  return text.split(",").flatMap((each) => (each.trim() === "" ? [] : [each.trim()]));
}

/** Splits where the separator stands outside of quotes. */
function splitQuoted(text: string, separator: "," | ";"): readonly string[] {
  const parts = text.match(separator === "," ? /(?:"(?:[^"\\]|\\.)*"|[^",])+/g : /(?:"(?:[^"\\]|\\.)*"|[^";])+/g) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

function unquote(text: string): string {
  return /^".*"$/.test(text) ? text.slice(1, -1).replace(/\\(.)/g, "$1") : text;
}

/** An address without port and brackets, IPv4 as such also where a socket of IPv6 has it. */
function bare(text: string | undefined): string {
  if (text === undefined) return "unknown";
  const bracketed = /^\[([^\]]+)\](?::[0-9]+)?$/.exec(text)?.[1];
  const plain = bracketed ?? (/^[0-9.]+:[0-9]+$/.test(text) ? text.replace(/:[0-9]+$/, "") : text);
  return plain.replace(/^::ffff:(?=[0-9.]+$)/i, "");
}
