/**
 * One MCP client on one way to a server: a session, calls in it over kept connections, and what became of each call. A session that the
 * server no longer knows is opened anew within the call, as the specification asks of clients; such a call is not lost.
 * Source: MCP 2025-11-25 basic/transports, "Session Management".
 */
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";

/** A way to call the same tool of the same server: past us, through the sidecar, or through the aggregator. */
export interface Way {
  readonly url: string;
  readonly tool: string;
  readonly arguments: (message: string) => object;
}

/** What became of a call. `refused`: the answer says that there is no such tool. */
export type Outcome =
  { readonly kind: "answered" } | { readonly kind: "refused" } | { readonly kind: "lost"; readonly why: string };

/** A client. */
export interface Caller {
  /** Never rejects. */
  readonly call: () => Promise<Outcome>;
  /** Sessions opened so far. */
  readonly sessions: () => number;
  readonly close: () => void;
}

/** The session's id is gone on the server's side: 404 is the specification's word, some servers say 400. */
const endedSession: readonly number[] = [400, 404];
const protocolVersion = "2025-11-25";
const messageText = "measured";
const lostAfterMs = 10_000;

interface Answer {
  readonly status: number;
  readonly session: string;
  readonly text: string;
}

/** Creates a client; nothing is sent before the first call. */
export function createCaller(way: Way): Caller {
  const agent = new Agent({ keepAlive: true });
  let session: Promise<string> | undefined;
  let opened = 0;
  let lastId = 0;
  const send = (message: object, id?: string): Promise<Answer> => post(way.url, { agent, message, id });

  const open = async (): Promise<string> => {
    const params = { protocolVersion, capabilities: {}, clientInfo: { name: "bench", version: "1.0.0" } };
    const answer = await send({ jsonrpc: "2.0", id: 0, method: "initialize", params });
    if (answer.status !== 200) throw new Error(describe(answer));
    await send({ jsonrpc: "2.0", method: "notifications/initialized" }, answer.session);
    opened++;
    return answer.session;
  };
  const attempt = async (): Promise<Answer> => {
    session ??= open();
    const mine = session;
    const forget = (): void => {
      if (session === mine) session = undefined;
    };
    const id = await mine.catch((error: unknown) => {
      forget();
      throw error;
    });
    const params = { name: way.tool, arguments: way.arguments(messageText) };
    // Calls under way at the same time in one session are told apart by their ids alone.
    const answer = await send({ jsonrpc: "2.0", id: ++lastId, method: "tools/call", params }, id);
    if (endedSession.includes(answer.status)) forget();
    return answer;
  };
  return {
    call: async () => {
      try {
        const first = await attempt();
        return judge(endedSession.includes(first.status) ? await attempt() : first);
      } catch (error) {
        return { kind: "lost", why: error instanceof Error ? error.message : String(error) };
      }
    },
    sessions: () => opened,
    close: () => agent.destroy(),
  };
}

/** Reads an answer of the reference server's `echo`, which came straight or through `call_tool`. */
export function judge(answer: Pick<Answer, "status" | "text">): Outcome {
  if (answer.status === 200 && answer.text.includes(`Echo: ${messageText}`)) return { kind: "answered" };
  if (/unknown tool/i.test(answer.text)) return { kind: "refused" };
  return { kind: "lost", why: describe(answer) };
}

function describe(answer: Pick<Answer, "status" | "text">): string {
  return `${answer.status} ${answer.text.slice(0, 200)}`;
}

interface Post {
  readonly agent: Agent;
  readonly message: object;
  readonly id: string | undefined;
}

function post(url: string, { agent, message, id }: Post): Promise<Answer> {
  const body = JSON.stringify(message);
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    accept: "application/json, text/event-stream",
    ...(id === undefined ? {} : { "mcp-session-id": id, "mcp-protocol-version": protocolVersion }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method: "POST", headers }, (response) => {
      const facts = { status: response.statusCode ?? 0, session: String(response.headers["mcp-session-id"] ?? "") };
      text(response).then((answer) => resolve({ ...facts, text: answer }), reject);
    });
    sent.setTimeout(lostAfterMs, () => sent.destroy(new Error(`no answer within ${lostAfterMs} ms`)));
    sent.on("error", reject);
    sent.end(body);
  });
}
