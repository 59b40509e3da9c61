/** The generators by name. Each makes one input from a random source; which one is asked when is decided by the run. */
import { brokenAnswers } from "../app/broken-answers.ts";
import type { Input } from "../input.ts";
import { allowedTools, deniedTools } from "../names.ts";
import type { Random } from "../random.ts";
import type { Corpus } from "./corpus.ts";
import { repeat, writeCall, writeValue } from "./json-grammar.ts";
import { mutateOften } from "./mutate.ts";
import { callOf, writeChunked, writeRequest } from "./request.ts";
import { writeSmuggled } from "./smuggle.ts";

type Made = Pick<Input, "bytes"> & Partial<Input>;
type Generator = (random: Random, corpus: Corpus) => Made;

const versions = [
  "2024-11-05",
  "2025-03-26",
  "2025-06-18",
  "2025-11-25",
  "2026-07-28",
  "1900-01-01",
  "",
  "2025-03-26, 2025-06-18",
];
const versionLine = (random: Random): string[] =>
  random.oneIn(2) ? [`MCP-Protocol-Version: ${random.pick(versions)}`] : [];

const calls = [...deniedTools, ...allowedTools].map((name) => callOf(name));

const claim = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};
const modernCall = (name: string): string =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: {}, _meta: claim } });

const list = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';

const table = {
  "mutated requests": (random, corpus) => ({
    bytes: mutateOften(random.pick(corpus.requests), random, 4),
    ending: "quiet",
  }),
  "mutated bodies": (random, corpus) => ({
    bytes: writeRequest({ body: mutateOften(random.pick(corpus.bodies), random, 3), headers: versionLine(random) }),
  }),
  "ambiguous JSON": (random) => ({
    bytes: writeRequest({
      body: random.oneIn(5) ? writeValue(random, 6) : writeCall(random),
      headers: versionLine(random),
    }),
  }),
  smuggling: (random) => ({ bytes: writeSmuggled(random), ending: "quiet" }),
  batches: (random) => {
    const inner = repeat(random, 6, () =>
      random.oneIn(3) ? writeCall(random) : random.pick([...calls, list, "1", "[]", "{}"]),
    );
    return { bytes: writeRequest({ body: `[${inner.join(",")}]`, headers: versionLine(random) }) };
  },
  pipelines: (random) => ({
    bytes: Buffer.concat(
      repeat(random, 8, () => (random.oneIn(5) ? writeSmuggled(random) : writeRequest({ body: random.pick(calls) }))),
    ),
    ending: "quiet",
  }),
  "every split": (random) => {
    const bytes = writeRequest({ body: random.oneIn(2) ? random.pick(calls) : modernCall(random.pick(deniedTools)) });
    // Every byte alone, or one cut: over a run each place has its turn.
    return { bytes, cuts: random.oneIn(8) ? [...bytes.keys()].slice(1) : [1 + random.below(bytes.length - 1)] };
  },
  "split chunks": (random) => {
    const sizes = repeat(random, 12, () => 1 + random.below(9));
    const body = writeChunked(random.pick(calls), sizes);
    return { bytes: writeRequest({ body, headers: ["Transfer-Encoding: chunked"] }) };
  },
  aborts: (random) => {
    const whole = writeRequest({ body: random.pick([...calls, list]) });
    return { bytes: whole.subarray(0, random.oneIn(3) ? whole.length : random.below(whole.length)), ending: "abort" };
  },
  "broken answers": (random) => {
    const headers = [`X-Answer: ${random.pick(Object.keys(brokenAnswers))}`];
    if (random.oneIn(5)) return { bytes: writeRequest({ method: "GET", headers }), ending: "quiet" };
    const modern = [...headers, "MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call", "Mcp-Name: echo"];
    if (random.oneIn(4)) return { bytes: writeRequest({ body: modernCall("echo"), headers: modern }) };
    const body = random.pick([list, callOf("echo"), `[${list},${callOf("echo", 2)},${callOf("delete_all", 3)}]`]);
    return { bytes: writeRequest({ body, headers }), ending: random.pick(["answered", "quiet", "abort"] as const) };
  },
  "mirrored headers": (random) => {
    const name = random.pick([...deniedTools, ...allowedTools]);
    const mirrored = random.pick([
      name,
      "echo",
      ` ${name}`,
      "=?base64?ZGVsZXRlX2FsbA==?=",
      "=?base64?!?=",
      "\u00e9",
      "echo, delete_all",
    ]);
    const method = random.pick(["tools/call", "tools/list", "Tools/Call", "", "tools/call, tools/list"]);
    const lines = [`MCP-Protocol-Version: ${random.pick(versions)}`, `Mcp-Method: ${method}`, `Mcp-Name: ${mirrored}`];
    const headers = lines.filter(() => !random.oneIn(5));
    return { bytes: writeRequest({ body: random.oneIn(4) ? callOf(name) : modernCall(name), headers }) };
  },
  "bodies without a place": (random) => ({
    bytes: writeRequest({
      method: random.pick(["GET", "DELETE", "PUT"]),
      target: random.pick(["/mcp", "/mcp/", "/.well-known/oauth-x"]),
      headers: random.oneIn(3) ? ["Content-Type: text/plain"] : [],
      body: random.pick(calls),
    }),
    ending: "quiet",
  }),
  "random bytes": (random) => ({
    bytes: Buffer.from(Array.from({ length: random.below(400) }, () => random.below(256))),
    ending: "quiet",
  }),
} satisfies Readonly<Record<string, Generator>>;

/** A generator's name, as it stands in reports. */
export type GeneratorName = keyof typeof table;

export const generatorNames = Object.keys(table) as readonly GeneratorName[];

/** Makes the inputs of one round. The same name, seed and corpus give the same inputs. */
export function generate(
  generator: GeneratorName,
  count: number,
  from: { readonly random: Random; readonly corpus: Corpus },
): readonly Input[] {
  const make: Generator = table[generator];
  return Array.from({ length: count }, () => {
    const made = make(from.random, from.corpus);
    return { generator, cuts: pickCuts(from.random, made.bytes.length), ending: "answered", ...made };
  });
}

/** Half of the inputs travel in one piece; the others are cut at up to four places. */
function pickCuts(random: Random, length: number): readonly number[] {
  if (length < 2 || random.oneIn(2)) return [];
  return [...new Set(repeat(random, 4, () => 1 + random.below(length - 1)))].sort((a, b) => a - b);
}
