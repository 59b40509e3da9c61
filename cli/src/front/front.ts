/**
 * The stdio front: lines of a client go to an MCP endpoint by Streamable HTTP, what comes back goes to the client as lines. Bytes and
 * ids stay as they are, whichever era the client speaks. Adds what HTTP needs beside them: headers, the session, the streams on
 * which the endpoint speaks first, and for a cancelled modern request the end of its stream.
 */
import { describeFailedConnection, type Dialled } from "@outrigger/runtime/connection-failure";
import { createExchange } from "./exchange.ts";
import { sessionHeaders } from "./headers.ts";
import { readFrontMessage, type FrontMessage } from "./message.ts";
import { followOwnStream } from "./own-stream.ts";
import { acceptWithinMs, lostSession, readVersion, toPost, type FrontParts } from "./parts.ts";
import { answerRequest } from "./request.ts";
import type { Send } from "./send.ts";
import { createSessionKeeper, type PostQuietly } from "./session-keeper.ts";

/** What the front works with. `write` resolves when the client's end takes more; `tell` is for people. */
export interface FrontOptions {
  readonly send: Send;
  readonly dialled: Dialled;
  readonly write: (line: Buffer) => Promise<void>;
  readonly tell: (sentence: string) => void;
  readonly pause: FrontParts["pause"];
  readonly random: () => number;
}

/** A running front. */
export interface Front {
  /** Takes one line; resolves when the next may be taken without overtaking it. */
  readonly take: (line: Buffer) => Promise<void>;
  /** No more lines come: requests under way have until `grace` ends, then all is ended and the session given back. */
  readonly finish: (grace: AbortSignal) => Promise<void>;
}

/** How long giving the session back may take, in ms. */
const leaveWithinMs = 2_000;
const initialized = "notifications/initialized";

/** Creates a front. */
export function createFront({ send, dialled, ...rest }: FrontOptions): Front {
  const ending = new AbortController();
  const exchange = createExchange(send, `${dialled.address} (from ${dialled.setting})`);
  const { signal } = ending;
  const keeper = createSessionKeeper(createQuietPost(exchange, signal), rest.tell);
  const parts: FrontParts = {
    ...rest,
    ...{ exchange, keeper, signal },
    explain: (error) => ({
      reason: "UpstreamUnavailable",
      message: `Outrigger ${describeFailedConnection(dialled, error)}.`,
    }),
  };
  const cancels = new Map<string, AbortController>();
  const listens = new Set<AbortController>();
  const underWay = new Set<Promise<void>>();
  let stream: Promise<void> | undefined;

  const run = (work: Promise<void>): Promise<void> => {
    const settled = work
      .catch((error: unknown) => rest.tell(parts.explain(error).message))
      .finally(() => underWay.delete(settled));
    underWay.add(settled);
    return settled;
  };

  const start = (message: FrontMessage, onOpened: () => void): void => {
    const control = new AbortController();
    for (const id of message.awaited) cancels.set(id, control);
    if (message.method === "subscriptions/listen") listens.add(control);
    const request = { message, onOpened, signal: AbortSignal.any([control.signal, signal]) };
    const forget = (): void => {
      for (const id of message.awaited) if (cancels.get(id) === control) cancels.delete(id);
      listens.delete(control);
      onOpened();
    };
    void run(answerRequest(parts, request).finally(forget));
  };

  const notify = async (message: FrontMessage): Promise<void> => {
    await hand(parts, message);
    if (message.method === initialized && message.claimed === undefined) stream ??= followOwnStream(parts);
  };

  return {
    take: async (line) => {
      const read = readFrontMessage(line);
      if (!read.ok) return rest.write(read.answer);
      const { message } = read;
      keeper.note(message);
      // Over HTTP a modern request is cancelled by the end of its stream (MCP 2026-07-28 transports).
      const isModern = message.claimed !== undefined || keeper.current() === undefined;
      if (message.cancels !== undefined && isModern) return cancels.get(message.cancels)?.abort();
      if (message.kind === "notification" || message.kind === "response") return run(notify(message));
      const { promise, resolve } = Promise.withResolvers<undefined>();
      start(message, () => resolve(undefined));
      // What follows must find the session open.
      return message.method === "initialize" ? promise : undefined;
    },
    finish: async (grace) => {
      for (const control of listens) control.abort();
      await Promise.race([Promise.all(underWay), whenAborted(grace)]);
      ending.abort();
      await Promise.all([...underWay, stream]);
      const session = keeper.current();
      if (session?.id === undefined) return;
      const left = AbortSignal.timeout(leaveWithinMs);
      const asked = { method: "DELETE", headers: sessionHeaders(session), signal: left } as const;
      await exchange({ asked, pending: new Set(), deliver: () => Promise.resolve() });
    },
  };
}

/** Posts what the client sent before, without the client. */
function createQuietPost(exchange: FrontParts["exchange"], ending: AbortSignal): PostQuietly {
  return async (message, session) => {
    let id: string | undefined;
    let version: string | undefined;
    const end = await exchange({
      asked: toPost(message, session, AbortSignal.any([ending, AbortSignal.timeout(acceptWithinMs)])),
      pending: new Set(message.awaited),
      deliver: (text) => {
        version ??= readVersion(text);
        return Promise.resolve();
      },
      onOpen: (answered) => (id = answered.header("mcp-session-id")),
    });
    return { isAccepted: end.kind === "done", session: version === undefined ? undefined : { id, version } };
  };
}

/** Hands on a notification, or the client's answer to a request of the endpoint. */
async function hand({ exchange, keeper, write, tell, signal }: FrontParts, message: FrontMessage): Promise<void> {
  const post = async (): ReturnType<typeof exchange> =>
    exchange({
      asked: toPost(message, keeper.current(), AbortSignal.any([signal, AbortSignal.timeout(acceptWithinMs)])),
      pending: new Set(),
      deliver: write,
    });
  const session = keeper.current();
  const end = await post();
  if (lostSession(end, message, session)) {
    // An answer belongs to the session that asked, and a new session was told already that it is initialized.
    const mayRepeat = message.kind === "notification" && message.method !== initialized;
    if ((await keeper.renew(session)) && mayRepeat) await post();
  } else if (end.kind === "refused") tell(end.failure.message);
}

function whenAborted(signal: AbortSignal): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  if (signal.aborted) resolve(undefined);
  else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  return promise;
}
