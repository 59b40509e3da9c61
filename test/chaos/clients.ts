/**
 * The load: clients that call a tool again and again, each over a connection of its own. A call is tried until its right answer comes, as a
 * client's user would; what ends an attempt is told by why.
 */
import { setTimeout as pause } from "node:timers/promises";
import { modernRequest, openSession, postRaw, type RawAnswer } from "../fixtures/mcp-clients.ts";
import type { Attempt, Tally } from "./tally.ts";

/** A tool whose answer holds what it was asked. */
export interface EchoTool {
  readonly name: string;
  readonly argument: string;
}

/** What a client needs. */
export interface ClientParts {
  readonly url: string;
  readonly tool: EchoTool;
  readonly tally: Tally;
}

/** A running client. */
export interface LoadClient {
  /** Resolves when its last call has ended. */
  readonly stop: () => Promise<void>;
}

const betweenCallsMs = 25;
const betweenAttemptsMs = 100;
/** Until then a call that has no right answer is lost. */
const callMs = 30_000;
const attemptMs = 12_000;
const close = { connection: "close" };

/** A client of the modern era: nothing but calls. */
export function startModernClient({ url, tool, tally }: ClientParts): LoadClient {
  return repeat(tally, (text) => {
    const params = { name: tool.name, arguments: { [tool.argument]: text } };
    const [body, headers] = modernRequest("tools/call", params);
    return attempt(text, () => post(url, body, headers));
  });
}

/** A client of the legacy era: calls of one session, and a stream for news that is opened again whenever it ends. */
export function startLegacyClient({ url, tool, tally }: ClientParts): LoadClient {
  const ending = new AbortController();
  let session: Promise<Record<string, string>> | undefined;
  const begin = (): Promise<Record<string, string>> => {
    session ??= openSession(url, close).then((headers) => {
      tally.note("sessions begun");
      return headers;
    });
    return session;
  };
  const listening = listen(url, { begin, tally, signal: ending.signal });
  const calling = repeat(tally, async (text) => {
    let headers: Record<string, string>;
    try {
      headers = await begin();
    } catch {
      session = undefined;
      return { ok: false, why: "no session could be begun" };
    }
    const params = { name: tool.name, arguments: { [tool.argument]: text } };
    const body = JSON.stringify({ jsonrpc: "2.0", id: text, method: "tools/call", params });
    const ended = await attempt(text, () => post(url, body, headers));
    if (!ended.ok && ended.why === sessionGone) session = undefined;
    return ended;
  });
  return {
    stop: async () => {
      await calling.stop();
      ending.abort();
      await listening;
    },
  };
}

const sessionGone = "HTTP 404, the session is gone";

interface Listening {
  readonly begin: () => Promise<Record<string, string>>;
  readonly tally: Tally;
  readonly signal: AbortSignal;
}

async function listen(url: string, { begin, tally, signal }: Listening): Promise<void> {
  let lastId: string | undefined;
  for (let opened = 0; !signal.aborted;) {
    try {
      const resume = lastId === undefined ? {} : { "last-event-id": lastId };
      const headers = { accept: "text/event-stream", ...close, ...(await begin()), ...resume };
      const response = await fetch(url, { headers, signal });
      if (response.ok) tally.note(opened++ === 0 ? "streams opened" : "streams opened again");
      lastId = response.ok ? ((await readLastId(response)) ?? lastId) : undefined;
    } catch {
      // It broke, as it was meant to.
    }
    await pause(betweenAttemptsMs);
  }
}

/** Reads a stream to its end; gives the id of its last event, also where it breaks. */
async function readLastId({ body }: Response): Promise<string | undefined> {
  let text = "";
  try {
    for await (const chunk of body ?? []) text += Buffer.from(chunk).toString("utf8");
  } catch {
    // What came before counts.
  }
  return [...text.matchAll(/^id: (\S+)$/gm)].at(-1)?.[1];
}

function post(url: string, body: string, headers: Record<string, string>): Promise<RawAnswer> {
  return postRaw(url, body, { ...headers, ...close }, AbortSignal.timeout(attemptMs));
}

function repeat(tally: Tally, tryOnce: (text: string) => Promise<Attempt>): LoadClient {
  let isEnding = false;
  let count = 0;
  const run = async (): Promise<void> => {
    while (!isEnding) {
      const text = `call-${Math.random().toString(36).slice(2)}-${count++}`;
      const startedMs = performance.now();
      const attempts: Attempt[] = [];
      do {
        if (attempts.length > 0) await pause(betweenAttemptsMs);
        attempts.push(await tryOnce(text));
      } while (attempts.at(-1)?.ok !== true && performance.now() - startedMs < callMs);
      tally.call({ attempts, ms: performance.now() - startedMs });
      await pause(betweenCallsMs);
    }
  };
  const running = run();
  return {
    stop: async () => {
      isEnding = true;
      await running;
    },
  };
}

async function attempt(text: string, send: () => Promise<RawAnswer>): Promise<Attempt> {
  try {
    const why = findFault(text, await send());
    return why === undefined ? { ok: true } : { ok: false, why };
  } catch (error) {
    const isLate = error instanceof Error && error.name === "TimeoutError";
    return { ok: false, why: isLate ? `no answer within ${attemptMs} ms` : "the connection broke" };
  }
}

interface Answered {
  readonly error?: { readonly code: number; readonly message: string };
  readonly result?: { readonly isError?: boolean; readonly content?: unknown };
}

/** Why an answer is not the right one. */
function findFault(text: string, { status, messages }: RawAnswer): string | undefined {
  if (status === 404) return sessionGone;
  const { error, result }: Answered = messages.at(-1) ?? {};
  if (error !== undefined) return `HTTP ${status}, error ${error.code}: ${error.message}`;
  if (result === undefined) return `HTTP ${status} without an answer`;
  const shown = JSON.stringify(result.content ?? "");
  if (result.isError === true) return `a result that says it is an error: ${shown.slice(0, 120)}`;
  return shown.includes(text) ? undefined : "the answer of another call";
}
