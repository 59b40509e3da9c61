/**
 * Decides the public name of a tool: `server__tool` or `namespace__server__tool`, a pure function of where the tool is from.
 * Never looks at which other tools exist, so no name moves or changes because a server came or went.
 * Reading a name back is the index's work (`find.ts`), not a matter of splitting.
 */
import { createHash } from "node:crypto";

/** Longest public name. Clients and model interfaces accept at most 64 of `[A-Za-z0-9_-]`. */
export const maxPublicNameLength = 64;

/** Where a tool is from, and whether the endpoint names the namespace. Without `namespace` a qualified name takes "". */
export interface ToolOrigin {
  readonly qualify: "server" | "namespace";
  readonly namespace?: string;
  readonly server: string;
  readonly tool: string;
}

const separator = "__";
const hashMark = "--";
const hashLength = 16;
const hashBytes = 10;
const hashedEnd = /--[0-9a-v]{16}$/;

/**
 * Gives the public name: at most 64 of `[A-Za-z0-9_-]`, always with `__` inside, which reserved names never have.
 * Two origins never share a name: a plain name can be split in one way only, and everything else (characters that had
 * to be replaced, overflow, a part whose end can't be told) carries 80 bits of SHA-256 over all parts.
 */
export function publicToolName(origin: ToolOrigin): string {
  const { qualify, namespace = "", server, tool } = origin;
  const parts = qualify === "namespace" ? [namespace, server, tool] : [server, tool];
  const plain = parts.join(separator);
  return isPlain(parts, plain) ? plain : nameByHash(parts);
}

function isPlain(parts: readonly string[], plain: string): boolean {
  if (plain.length > maxPublicNameLength || hashedEnd.test(plain)) return false;
  if (!parts.every((part) => /^[A-Za-z0-9_-]+$/.test(part))) return false;
  let start = 0;
  for (const part of parts.slice(0, -1)) {
    // A reader takes the first separator: it has to be ours and not one inside a part or across its end.
    if (plain.indexOf(separator, start) !== start + part.length) return false;
    start += part.length + separator.length;
  }
  return true;
}

function nameByHash(parts: readonly string[]): string {
  const readable = parts.map((part) => part.replace(/[^A-Za-z0-9_-]/gu, "_") || "_");
  const budget = maxPublicNameLength - hashMark.length - hashLength - separator.length * (parts.length - 1);
  const cut = findCut(readable, budget);
  // JSON keeps the borders of parts and lone surrogates apart, which joining or UTF-8 alone would not.
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  const hash = BigInt(`0x${digest.slice(0, hashBytes * 2)}`)
    .toString(32)
    .padStart(hashLength, "0");
  return `${readable.map((part) => part.slice(0, cut)).join(separator)}${hashMark}${hash}`;
}

/** The longest length to which every part can be cut so that all fit: only the longest parts lose characters. */
function findCut(parts: readonly string[], budget: number): number {
  let cut = budget;
  while (parts.reduce((sum, part) => sum + Math.min(part.length, cut), 0) > budget) cut--;
  return cut;
}
