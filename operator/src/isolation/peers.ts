/** Peers of network policies as settings give them. Strict: a peer that says nothing would admit everybody. */
import type { Parsed } from "@outrigger/api/values";

/** One peer as Kubernetes writes it, with at least one member. */
export type Peer = Readonly<Partial<Record<"podSelector" | "namespaceSelector" | "ipBlock", object>>>;

const members = ["podSelector", "namespaceSelector", "ipBlock"];
const expected =
  'a JSON list of NetworkPolicy peers, e.g. [{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"monitoring"}}}]';

/** Reads a JSON list of peers. */
export function parsePeers(text: string): Parsed<readonly Peer[]> {
  const list = readJson(text);
  return Array.isArray(list) && list.every(isPeer) ? { ok: true, value: list } : { ok: false, expected };
}

function isPeer(value: unknown): value is Peer {
  if (!isObject(value)) return false;
  const given = Object.entries(value);
  return given.length > 0 && given.every(([key, member]) => members.includes(key) && isObject(member));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
