/** Steady mixed load: calls, lists, denied calls, sessions that are ended and such that are not, streams that are dropped, new policies. */
import { Agent, request, type IncomingMessage } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { DoorProcess } from "../fuzz/door/door-process.ts";
import { callOf } from "../fuzz/generators/request.ts";
import { policy } from "../fuzz/names.ts";

/** A load under way. */
export interface Load {
  /** What was done so far, by kind. */
  readonly done: Readonly<Record<string, number>>;
  /** What should have been answered and was not. */
  readonly problems: readonly string[];
  readonly stop: () => Promise<void>;
}

const initialize = JSON.stringify({
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "soak", version: "1" } },
});
const list = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';

/** The second policy says the same and has other bytes: it is compiled and put into force like any other. */
const policies = [policy, { ...policy, sizes: { maxResponseBytes: 9_000_000 } }];

/** What one visitor does each time, and how long the visitor pauses after it, in ms. */
interface Visitor {
  readonly kind: string;
  readonly count: number;
  readonly pauseMs: number;
  readonly visit: (at: Place, turn: number) => Promise<boolean>;
}

interface Place {
  readonly door: DoorProcess;
  readonly agent: Agent;
}

const visitors: readonly Visitor[] = [
  { kind: "calls", count: 4, pauseMs: 20, visit: async (at) => (await ask(at, callOf("echo"))).includes('"done"') },
  { kind: "lists", count: 1, pauseMs: 50, visit: async (at) => !(await ask(at, list)).includes("delete_all") },
  {
    kind: "denied calls",
    count: 1,
    pauseMs: 50,
    visit: async (at, turn) =>
      (await ask(at, callOf(turn % 2 === 0 ? "delete_all" : `denied_${turn}`))).includes("Unknown tool"),
  },
  {
    kind: "malformed",
    count: 1,
    pauseMs: 100,
    visit: async (at) => (await ask(at, '{"id":1,"id":2}')).includes("error"),
  },
  { kind: "sessions", count: 1, pauseMs: 100, visit: visitSession },
  { kind: "streams dropped", count: 4, pauseMs: 50, visit: visitStream },
  { kind: "calls left", count: 1, pauseMs: 100, visit: leaveCall },
  {
    kind: "policies",
    count: 1,
    pauseMs: 5_000,
    visit: async ({ door }, turn) => {
      await door.setPolicy(policies[turn % 2] ?? policy);
      return true;
    },
  },
];

/** Starts the load. It does not end by itself. */
export function startLoad(door: DoorProcess): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const done: Record<string, number> = {};
  const problems: string[] = [];
  const state = { isStopped: false };
  const run = async ({ kind, pauseMs, visit }: Visitor): Promise<void> => {
    for (let turn = 0; !state.isStopped; turn++) {
      try {
        if (!(await visit({ door, agent }, turn))) problems.push(`${kind}: another answer than expected`);
        done[kind] = (done[kind] ?? 0) + 1;
      } catch (error) {
        problems.push(`${kind}: ${error instanceof Error ? error.message : String(error)}`);
      }
      await pause(pauseMs);
    }
  };
  const running = visitors.flatMap((visitor) => Array.from({ length: visitor.count }, () => run(visitor)));
  return {
    done,
    problems,
    stop: async () => {
      state.isStopped = true;
      await Promise.all(running);
      agent.destroy();
    },
  };
}

interface Asked {
  readonly method: "POST" | "GET" | "DELETE";
  readonly body?: string;
  readonly session?: string;
}

/** Sends a request and gives the head of its answer; the body is the caller's to read. */
function open({ door, agent }: Place, { method, body, session }: Asked): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = {
    accept: "application/json, text/event-stream",
    ...(body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    ...(session === undefined ? {} : { "mcp-session-id": session }),
  };
  const place = { port: door.port, host: "127.0.0.1", path: "/mcp" };
  // A stream has a connection of its own, as it would keep others waiting.
  const sent = request({ ...place, method, headers, agent: method === "GET" ? false : agent }, resolve);
  sent.on("error", reject);
  sent.end(body);
  return promise;
}

async function ask(at: Place, body: string): Promise<string> {
  return readAll(await open(at, { method: "POST", body }));
}

async function readAll(answer: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of answer.setEncoding("utf8")) text += String(chunk);
  return text;
}

/** Every second session is ended. */
async function visitSession(at: Place, turn: number): Promise<boolean> {
  const answer = await open(at, { method: "POST", body: initialize });
  const session = answer.headers["mcp-session-id"];
  await readAll(answer);
  if (typeof session !== "string") return false;
  if (turn % 2 === 0) await readAll(await open(at, { method: "DELETE", session }));
  return true;
}

/** Opens a stream, hears its beginning, stays a while and goes without a word. */
async function visitStream(at: Place, turn: number): Promise<boolean> {
  const answer = await open(at, { method: "GET", session: "session-1" });
  answer.on("error", () => undefined);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  answer.once("data", () => resolve(true));
  answer.once("close", () => resolve(false));
  const isOpen = await promise;
  await pause(100 * (turn % 10));
  answer.destroy();
  return isOpen;
}

/** Leaves before the answer. */
function leaveCall({ door }: Place): Promise<boolean> {
  const body = callOf("echo");
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const headers = { "content-type": "application/json", "content-length": body.length };
  const place = { port: door.port, host: "127.0.0.1", path: "/mcp", method: "POST", agent: false } as const;
  const sent = request({ ...place, headers });
  sent.on("error", () => undefined);
  sent.on("close", () => resolve(true));
  sent.end(body, () => sent.destroy());
  return promise;
}
