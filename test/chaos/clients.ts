/**
 * The load: clients that call tools again and again, each over connections of its own and with a key of its own. A call is tried until its right
 * answer comes, as a client's user would, or is lost.
 */
import { setTimeout as pause } from "node:timers/promises";
import { modernRequest, openSession, postRaw, type RawAnswer } from "../fixtures/mcp-clients.ts";
import type { CallId, CallKind } from "./calls.ts";
import { judgeAnswer, sessionGone, type Attempt } from "./judge.ts";
import type { Tally } from "./tally.ts";

/** What a client needs. */
export interface ClientParts {
  readonly url: string;
  readonly caller: string;
  /** Its API key. */
  readonly key: string;
  readonly calls: readonly CallKind[];
  readonly tally: Tally;
  readonly now: Now;
}

/** What is done to the programs now, and whether connections of clients may break by it. */
export type Now = () => { readonly fault: string; readonly mayBreak: boolean };

/** A running client. */
export interface LoadClient {
  /** Resolves when its last call has ended. */
  readonly stop: () => Promise<void>;
}

const betweenCallsMs = 25;
const betweenAttemptsMs = 100;
/** Until then a call that has no right answer is lost. */
const callMs = 90_000;
const attemptMs = 60_000;

/** A client of the modern era: nothing but calls. */
export function startModernClient(parts: ClientParts): LoadClient {
  return repeat(parts, (kind, call) => {
    const [body, headers] = modernRequest("tools/call", { name: kind.tool, arguments: kind.write(call) });
    return attempt(parts, { kind, call }, () => post(parts, body, headers));
  });
}

/** A client of the legacy era: calls of one session, and a stream for news that is opened again whenever it ends. */
export function startLegacyClient(parts: ClientParts): LoadClient {
  const { url, tally } = parts;
  const ending = new AbortController();
  let session: Promise<Record<string, string>> | undefined;
  const begin = (): Promise<Record<string, string>> => {
    session ??= openSession(url, headersOf(parts)).then((headers) => {
      if (headers["mcp-session-id"] === "") throw new Error("no session was opened");
      tally.note("sessions begun");
      return headers;
    });
    return session;
  };
  const listening = listen(parts, begin, ending.signal);
  const calling = repeat(parts, async (kind, call) => {
    let headers: Record<string, string>;
    try {
      headers = await begin();
    } catch {
      session = undefined;
      return { kind: "refused", why: "no session could be begun" };
    }
    const params = { name: kind.tool, arguments: kind.write(call) };
    const body = JSON.stringify({ jsonrpc: "2.0", id: call.number, method: "tools/call", params });
    const ended = await attempt(parts, { kind, call }, () => post(parts, body, headers));
    if (ended.kind === "refused" && ended.why === sessionGone) session = undefined;
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

async function listen(
  parts: ClientParts,
  begin: () => Promise<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  let lastId: string | undefined;
  for (let opened = 0; !signal.aborted;) {
    try {
      const resume = lastId === undefined ? {} : { "last-event-id": lastId };
      const headers = { accept: "text/event-stream", ...headersOf(parts), ...(await begin()), ...resume };
      const response = await fetch(parts.url, { headers, signal });
      if (response.ok) parts.tally.note(opened++ === 0 ? "streams opened" : "streams opened again");
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

/** A connection for each request, so that the balancer chooses anew. */
function headersOf({ key }: ClientParts): Record<string, string> {
  return { connection: "close", "x-api-key": key };
}

function post(parts: ClientParts, body: string, headers: Record<string, string>): Promise<RawAnswer> {
  return postRaw(parts.url, body, { ...headers, ...headersOf(parts) }, AbortSignal.timeout(attemptMs));
}

type TryOnce = (kind: CallKind, call: CallId) => Promise<Attempt>;

function repeat({ calls, caller, tally, now }: ClientParts, tryOnce: TryOnce): LoadClient {
  let isEnding = false;
  const run = async (): Promise<void> => {
    for (let number = 0; !isEnding; number++) {
      const kind = calls[number % calls.length];
      if (kind === undefined) return;
      const { fault } = now();
      const startedMs = performance.now();
      const attempts: Attempt[] = [];
      const isOpen = (): boolean => {
        const last = attempts.at(-1)?.kind;
        return last !== "right" && last !== "unclear" && performance.now() - startedMs < callMs;
      };
      while (isOpen()) {
        if (attempts.length > 0) await pause(betweenAttemptsMs);
        attempts.push(await tryOnce(kind, { caller, number }));
      }
      tally.call(fault, { attempts, ms: performance.now() - startedMs });
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

interface Asked {
  readonly kind: CallKind;
  readonly call: CallId;
}

async function attempt({ now }: ClientParts, { kind, call }: Asked, send: () => Promise<RawAnswer>): Promise<Attempt> {
  const mayBreakBefore = now().mayBreak;
  try {
    return judgeAnswer(kind, call, await send());
  } catch (error) {
    const isLate = error instanceof Error && error.name === "TimeoutError";
    if (isLate) return { kind: "unclear", why: `no answer within ${attemptMs / 1_000} s` };
    const mayBreak = mayBreakBefore || now().mayBreak;
    return { kind: mayBreak ? "broken" : "unclear", why: "the connection broke" };
  }
}
