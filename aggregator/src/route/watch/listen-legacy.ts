/** Listens to one resource of a legacy server: subscribes within the caller's session and hears its stream, until that ends. */
import { buildRequest, type RpcError } from "@outrigger/mcp";
import type { Dispatcher } from "undici";
import type { DiscoveredSidecar } from "../../discovery/source.ts";
import { exchange } from "../post.ts";
import { readAnswer } from "../read-answer.ts";
import type { UpstreamSession, UpstreamSessions } from "../sessions.ts";
import { cannotWatch, readUpdated, type Listening } from "./listening.ts";
import type { createSessionStreams } from "./session-streams.ts";

/** What it takes. `caller`: whose session it is. */
export interface LegacyListenDeps {
  readonly dispatcher: Dispatcher;
  readonly sessions: UpstreamSessions;
  readonly streams: ReturnType<typeof createSessionStreams>;
  readonly caller: string;
}

const maxAnswerBytes = 64 * 1024;
const askMs = 10_000;

/** Listens. Gives why it ended where the server refused; rejects when `signal` aborts while it subscribes. */
export async function listenLegacy(
  deps: LegacyListenDeps,
  sidecar: DiscoveredSidecar,
  { uri, onReady, onUpdated, signal }: Listening,
): Promise<RpcError | undefined> {
  const key = { sidecar, caller: deps.caller, capabilities: {} };
  const opened = await deps.sessions.get(key);
  if (opened.kind !== "open") return opened.kind === "error" ? opened.error : undefined;
  const { session } = opened;
  const release = deps.sessions.hold(key);
  const stream = deps.streams.join({
    ...{ sidecar, session },
    hear: (message) => {
      if (readUpdated(message) === uri) onUpdated();
    },
  });
  try {
    if (!(await stream.opened)) return cannotWatch;
    const refusal = await ask(deps.dispatcher, { sidecar, session, method: "resources/subscribe", uri });
    if (refusal !== undefined) return refusal;
    onReady();
    await Promise.race([stream.ended, whenAborted(signal)]);
    if (signal.aborted) await ask(deps.dispatcher, { sidecar, session, method: "resources/unsubscribe", uri });
    return undefined;
  } finally {
    stream.leave();
    release();
  }
}

interface Asked {
  readonly sidecar: DiscoveredSidecar;
  readonly session: UpstreamSession;
  readonly method: "resources/subscribe" | "resources/unsubscribe";
  readonly uri: string;
}

let lastId = 0;

async function ask(dispatcher: Dispatcher, { sidecar, session, method, uri }: Asked): Promise<RpcError | undefined> {
  // Calls of the session have ids of another row.
  const id = -++lastId;
  const message = buildRequest(session.voice, { id, method, params: { uri } });
  const signal = AbortSignal.timeout(askMs);
  try {
    const posted = await exchange({ dispatcher, sidecar, message, headers: session.headers, signal });
    if (!posted.ok) return cannotWatch;
    const wanted = { id, maxBytes: maxAnswerBytes, onMessage: () => undefined };
    const answer = await readAnswer(posted.response, wanted);
    if (answer.kind === "error") return answer.error;
    return answer.kind === "result" ? undefined : cannotWatch;
  } catch {
    return cannotWatch;
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
