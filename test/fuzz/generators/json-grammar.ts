/** JSON that means different things to different decoders: repeated, escaped and case-variant keys at every level, odd scalars. */
import type { Random } from "../random.ts";
import { allowedTools, deniedTools } from "../names.ts";

const keys = [
  "name", "name", "name", "Name", "NAME", "n\\u0061me", "nam\\u0065", "uri", "URI", "_meta", "_Meta", "arguments", "Arguments",
  "method", "Method", "params", "Params", "par\\u0061ms", "id", "ID", "jsonrpc", "result", "error", "x", "\\u0000", "na\u212ae",
  "cur\u017for", "task", "taskId", "ref", "__proto__", "constructor", "io.modelcontextprotocol/protocolVersion",
]; // prettier-ignore

const names = [...deniedTools, ...deniedTools, ...allowedTools];
const scalars = [
  '"tools/call"', '"tools\\/call"', '"prompts/get"', '"denied:x"', '"2.0"', '"2026-07-28"', '""', '"\\u0000"', '"\\udfff"', "1", "-0",
  "1.5", "1e400", "01", "true", "null", "NaN", '"delete\\u005fall"', '"\u0064elete_all"',
]; // prettier-ignore

const spaces = ["", "", "", " ", "\n\t ", "\r\n", "\u00a0", "\u000b"];

/** A value of random structure, at most `depth` deep. */
export function writeValue(random: Random, depth: number): string {
  const kind = depth === 0 ? 0 : random.below(5);
  if (kind === 3) return `[${repeat(random, 3, () => writeValue(random, depth - 1)).join(",")}]`;
  if (kind === 4) return writeObject(random, depth - 1);
  return random.oneIn(3) ? random.pick(scalars) : JSON.stringify(random.pick(names));
}

function writeObject(random: Random, depth: number): string {
  const members = repeat(random, 4, () => {
    const gap = random.pick(spaces);
    return `${gap}"${random.pick(keys)}"${gap}:${gap}${writeValue(random, depth)}`;
  });
  return `{${members.join(",")}}`;
}

/** A call whose members are in any order, with others beside and inside them. */
export function writeCall(random: Random): string {
  const name = `"${random.oneIn(4) ? random.pick(keys) : "name"}":${JSON.stringify(random.pick(names))}`;
  const inner = shuffle(random, [name, ...repeat(random, 2, () => member(random))]);
  const params = `"params":{${inner.join(",")}}`;
  const outer = shuffle(random, [
    '"jsonrpc":"2.0"',
    '"id":1',
    '"method":"tools/call"',
    params,
    ...repeat(random, 1, () => member(random)),
  ]);
  const text = `{${outer.join(`,${random.pick(spaces)}`)}}`;
  return random.oneIn(8) ? text + random.pick(["{}", "\0", " ", "x", text]) : text;
}

const member = (random: Random): string => `"${random.pick(keys)}":${writeValue(random, 2)}`;

/** Up to `most` of what `make` makes. */
export function repeat<T>(random: Random, most: number, make: () => T): T[] {
  return Array.from({ length: random.below(most + 1) }, make);
}

function shuffle<T>(random: Random, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: random.below(1_000) }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
