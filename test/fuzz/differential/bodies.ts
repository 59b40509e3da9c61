/** Bodies that a tool's name can be read from: right ones in any spelling, nearly right ones, and ones that mean two things. */
import { repeat, writeCall, writeValue } from "../generators/json-grammar.ts";
import { mutateOften } from "../generators/mutate.ts";
import { allowedTools, deniedTools } from "../names.ts";
import type { Random } from "../random.ts";

/** A body with the headers that its sender would give it. */
export interface RequestBody {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const names = [...allowedTools, ...allowedTools, ...deniedTools];

const claim = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "differential", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** Makes one body. */
export function makeBody(random: Random): RequestBody {
  const legacy = { "mcp-protocol-version": random.pick(["2025-03-26", "2025-03-26", "2025-06-18", "2025-11-25"]) };
  const call = writePlain(random, "legacy");
  switch (random.below(8)) {
    case 0:
    case 1:
      return { body: Buffer.from(call.text), headers: legacy };
    case 2:
      return makeModern(random);
    case 3:
      return { body: Buffer.from(respell(random, call.text)), headers: legacy };
    case 4:
      return { body: mutateOften(Buffer.from(call.text), random, 2), headers: legacy };
    case 5:
      return {
        body: Buffer.from(`[${repeat(random, 4, () => writePlain(random, "legacy").text).join(",")}]`),
        headers: legacy,
      };
    case 6:
      return { body: mutateOften(Buffer.from(respell(random, call.text)), random, 1), headers: legacy };
    default:
      return { body: Buffer.from(writeCall(random)), headers: legacy };
  }
}

function makeModern(random: Random): RequestBody {
  const { text, name } = writePlain(random, "modern");
  const isPlain = /^[\x21-\x7e]+$/.test(name);
  const mirrored = isPlain ? name : `=?base64?${Buffer.from(name).toString("base64")}?=`;
  const headers = {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": random.oneIn(6) ? "echo" : mirrored,
  };
  return { body: random.oneIn(4) ? mutateOften(Buffer.from(text), random, 1) : Buffer.from(text), headers };
}

/** A call as a client writes it; ids are of both kinds, arguments hold what looks like other members of the call. */
function writePlain(random: Random, era: "legacy" | "modern"): { readonly text: string; readonly name: string } {
  const name = random.pick(names);
  const decoys = { name: random.pick(names), params: { name: random.pick(names) }, method: "tools/call", id: 1 };
  const params = { name, arguments: random.oneIn(2) ? decoys : {}, ...(era === "modern" ? { _meta: claim } : {}) };
  const id = random.oneIn(2) ? random.below(1_000_000) : `id-${random.below(1_000_000)}`;
  const members = [
    ["jsonrpc", "2.0"],
    ["id", id],
    ["method", "tools/call"],
    ["params", params],
  ] as const;
  const turned = random.below(4);
  const ordered = Object.fromEntries<unknown>([...members.slice(turned), ...members.slice(0, turned)]);
  return { text: JSON.stringify(ordered, null, random.pick([0, 0, 1, "\t"])), name };
}

/** The same text by other means: escapes in values, spaces, members beside it that mean nothing or that repeat. */
function respell(random: Random, text: string): string {
  switch (random.below(4)) {
    case 0:
      return text.replace(/"name":( ?)"(.)/, (_, gap: string, first: string) => `"name":${gap}"${escape(first)}`);
    case 1:
      return text.replace(/"tools\/call"/, '"tools\\/call"');
    case 2:
      return text.replace(/^\{/, `{"x${random.below(9)}":${writeValue(random, 2)},`);
    default:
      return text.replace(/"params":( ?)\{/, (_, gap: string) => `"params":${gap}{"task":${writeValue(random, 1)},`);
  }
}

const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
