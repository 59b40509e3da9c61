/**
 * One request of the client until it is answered: posted, gone on with where its stream was closed early, sent once more where the
 * session was lost. Where the endpoint gives no answer, the client gets one that says why.
 */
import { restartDelayMs } from "../fleet/backoff.ts";
import type { ExchangeEnd } from "./exchange.ts";
import { buildFailure, type FrontFailure } from "./failure.ts";
import { streamHeaders } from "./headers.ts";
import type { FrontMessage } from "./message.ts";
import { lostSession, readVersion, toPost, type FrontParts, type Receiver } from "./parts.ts";

/** How often one answer is gone on with after its stream was closed. */
const maxResumes = 20;

/** A request under way. `onOpened` is called when a session that it opens can be used. */
export interface FrontRequest {
  readonly message: FrontMessage;
  readonly signal: AbortSignal;
  readonly onOpened: () => void;
}

/** Answers the request. Rejects only where the client's end can't be written to. */
export async function answerRequest(parts: FrontParts, { message, signal, onOpened }: FrontRequest): Promise<void> {
  const { exchange, keeper, pause, random } = parts;
  const receiver = receive(parts, message, onOpened);
  for (let attempt = 0; !signal.aborted; attempt++) {
    const session = keeper.current();
    const posted = await exchange({ asked: toPost(message, session, signal), ...receiver });
    const end = await resume(parts, posted, { receiver, signal });
    if (end.kind === "done" || end.kind === "cancelled") return;
    if (attempt === 0 && lostSession(end, message, session) && (await keeper.renew(session))) continue;
    if (!isListenLost(end, message)) return answerFor(parts, receiver.pending, end);
    await pause(restartDelayMs(attempt, random()), signal);
  }
}

/** Where what comes back goes. The session is read from the answer to `initialize` before the client can use it. */
function receive({ keeper, write }: FrontParts, message: FrontMessage, onOpened: () => void): Receiver {
  const pending = new Set(message.awaited);
  if (message.method !== "initialize") return { pending, deliver: write };
  let id: string | undefined;
  return {
    pending,
    onOpen: (answered) => (id = answered.header("mcp-session-id")),
    deliver: async (text) => {
      const version = readVersion(text);
      if (version !== undefined) keeper.opened(message, { id, version });
      await write(text);
      if (version !== undefined) onOpened();
    },
  };
}

/** Goes on with an answer whose stream was closed before it was whole (MCP 2025-11-25 transports, "Resumability"). */
async function resume(
  { exchange, keeper, pause, random }: FrontParts,
  paused: ExchangeEnd,
  { receiver, signal }: { readonly receiver: Receiver; readonly signal: AbortSignal },
): Promise<ExchangeEnd> {
  let end = paused;
  for (let count = 0; end.kind === "paused" && count < maxResumes; count++) {
    await pause(end.retryMs ?? restartDelayMs(count, random()), signal);
    const { lastEventId } = end;
    end = await exchange({
      ...receiver,
      asked: { method: "GET", headers: streamHeaders(keeper.current(), lastEventId), signal },
    });
    if (receiver.pending.size === 0) return { kind: "done" };
  }
  return end;
}

/** A modern client asks once to be told of changes; where that stream breaks, it is asked for again. */
function isListenLost(end: ExchangeEnd, { method }: FrontMessage): boolean {
  return method === "subscriptions/listen" && end.kind === "broken" && end.hasOpened;
}

async function answerFor(
  { write, explain }: FrontParts,
  pending: ReadonlySet<string>,
  end: ExchangeEnd,
): Promise<void> {
  const failure: FrontFailure =
    end.kind === "refused"
      ? end.failure
      : explain(end.kind === "broken" ? end.error : new Error("the answer was not complete after many attempts"));
  for (const id of pending) await write(buildFailure(id, failure));
}
