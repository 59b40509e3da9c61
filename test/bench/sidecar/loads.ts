/** The kinds of requests that are measured, and whether an answer through a proxy is right: compared with the server's own. */
import { deepStrictEqual } from "node:assert/strict";
import { idPlaceholder, type LoadCase } from "../load/request.ts";
import type { Subject } from "./subject.ts";

/** A kind of request. `expects`: how its answer relates to the server's own answer to the same request. */
export interface BenchLoad extends LoadCase {
  readonly expects: "same" | "refused" | "filtered";
  /** Connections that are kept busy with it. */
  readonly connections: number;
}

/** What is known of a kind beside its name. */
type Kind = Omit<BenchLoad, "name" | "connections"> & { readonly connections?: number };

const usualConnections = 32;
/** The sidecar holds 16 MiB of requests at once and refuses what is more. */
const connectionsOfLargeBodies = 8;

const callBody = (tool: string, argumentBytes: number): string =>
  `{"jsonrpc":"2.0","id":${idPlaceholder},"method":"tools/call","params":{"name":"${tool}","arguments":{"text":"${"y".repeat(argumentBytes)}"}}}`;

const shortArgument = 190;
const call = (tool: string, argumentBytes = shortArgument): Kind => ({
  body: callBody(tool, argumentBytes),
  answerHas: '"type":"text"',
  expects: "same",
});
const refused = (tool: string, answerHas: string): Kind => ({
  body: callBody(tool, shortArgument),
  answerHas,
  expects: "refused",
});
const list = (expects: BenchLoad["expects"]): Kind => ({
  body: `{"jsonrpc":"2.0","id":${idPlaceholder},"method":"tools/list"}`,
  answerHas: '"tool_19"',
  expects,
});

const kinds = {
  "call-300B": call("tool_1"),
  "call-10KB-in": call("tool_1", 10 * 1_024),
  "call-1MB-in": { ...call("tool_1", 1_024 ** 2), connections: connectionsOfLargeBodies },
  "call-10KB-out": call("bytes_10k"),
  "call-1MB-out": call("bytes_1m"),
  "call-sse": call("sse"),
  denied: refused("tool_denied", "Unknown tool"),
  limited: refused("tool_limited", "rate limit"),
  "list-20": list("same"),
  "list-20-filtered": list("filtered"),
} as const satisfies Readonly<Record<string, Kind>>;

/** Names of the kinds. */
export type LoadName = keyof typeof kinds;

/** A kind by its name. */
export function loadNamed(name: LoadName): BenchLoad {
  return { name, connections: usualConnections, ...kinds[name] };
}

const answerMs = 20_000;

/** Checks one answer of a subject before anything is timed. Rejects with what was wrong. */
export async function checkAnswer(load: BenchLoad, subject: Subject, direct: Subject): Promise<void> {
  // What is limited lets its first call through.
  if (load.expects === "refused") await ask(load, subject);
  const [id, answer] = await ask(load, subject);
  if (answer.message.id !== id) throw new Error(`${subject.name}, ${load.name}: id ${id} became ${answer.message.id}`);
  if (!answer.text.includes(load.answerHas))
    throw new Error(`${subject.name}, ${load.name}: expected ${load.answerHas} in ${answer.text.slice(0, 300)}`);
  const [, own] = await ask(load, direct);
  const [through, alone] = [answer.message.result, own.message.result];
  switch (load.expects) {
    case "same":
      deepStrictEqual(through, alone, `${subject.name}, ${load.name}: the answer is not the server's`);
      return;
    case "filtered":
      deepStrictEqual(
        through?.tools?.map(({ name }) => name),
        alone?.tools?.map(({ name }) => name).filter((name) => name !== "tool_7"),
        `${subject.name}, ${load.name}: the list is not the filtered one`,
      );
      return;
    case "refused":
      if (JSON.stringify(through) === JSON.stringify(alone))
        throw new Error(`${subject.name} let ${load.name} through`);
  }
}

interface Message {
  readonly id?: number;
  readonly result?: { readonly tools?: readonly { readonly name: string }[] };
}

let checks = 0;

async function ask(load: BenchLoad, subject: Subject): Promise<[number, { text: string; message: Message }]> {
  checks++;
  const id = Number(idPlaceholder) - checks;
  const response = await fetch(`http://127.0.0.1:${subject.port}/mcp`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...subject.headers },
    body: load.body.replace(idPlaceholder, String(id)),
    signal: AbortSignal.timeout(answerMs),
  });
  const text = await response.text();
  if (response.status !== 200)
    throw new Error(`${subject.name}, ${load.name}: HTTP ${response.status} ${text.slice(0, 300)}`);
  const data = text.startsWith("{") ? text : (/^data: (\{.*)$/m.exec(text)?.[1] ?? "");
  // The text of a JSON-RPC message; what matters of it is compared by the caller.
  return [id, { text, message: JSON.parse(data) as Message }];
}
