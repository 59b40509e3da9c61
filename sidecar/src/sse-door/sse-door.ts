/**
 * The older HTTP+SSE transport at our door, for clients that know no other, before any server. It decides which session a request
 * belongs to and whether one may be opened; every message then passes the stages of a call like anybody's.
 * Source: MCP 2024-11-05 transports, "HTTP with SSE".
 */
import type { WireReason } from "@outrigger/api/errors";
import type { Reason } from "@outrigger/api/reasons";
import { readAcceptance } from "../bridge/http/accept.ts";
import type { ClientSide } from "../call/client-side.ts";
import { refuseStream } from "../call/decide.ts";
import type { CallDeps } from "../call/exchange.ts";
import { answered, type RunningCall } from "../call/running-call.ts";
import type { Received } from "../call/received.ts";
import { recordExchange } from "../call/record-exchange.ts";
import { refuseFor, type Refusal } from "../call/refuse.ts";
import type { Visit } from "../downstream/visit.ts";
import { createDoorPaths, type DoorRequest } from "./paths.ts";
import { openDoorSession, type DoorSession } from "./session.ts";

/** What the door knows. `path` is ours, `upstreamPath` the server's; `random` gives session ids, unguessable. */
export interface SseDoorOptions {
  readonly path: string;
  readonly upstreamPath: string;
  /** Whether the server behind is known to speak this transport: then its own address is its stream's. */
  readonly isOlder: () => boolean;
  readonly maxSessions: number;
  readonly random: () => string;
  /** Requests under way per session. */
  readonly maxPending?: number;
}

/** The door of the older transport. */
export interface SseDoor {
  /** Says whether a request is of this transport. Cost: none for a POST to the MCP endpoint, which is never asked. */
  readonly claims: (visit: Visit) => boolean;
  /** Serves a request that was let in; undefined where it is none of this transport. */
  readonly take: (at: Arrived) => RunningCall | undefined;
  readonly sessions: () => number;
  readonly close: () => void;
}

/** A request that was let in, and whoever waits for its answer. */
export interface Arrived {
  readonly deps: CallDeps;
  readonly visit: Visit;
  readonly received: Received;
  readonly client: ClientSide;
}

const tendMs = 1_000;

/** Creates the door; it holds nothing before its first stream. */
export function createSseDoor(options: SseDoorOptions): SseDoor {
  const paths = createDoorPaths(options.path, options.isOlder);
  const sessions = new Map<string, DoorSession>();
  let timer: NodeJS.Timeout | undefined;

  const read = ({ target, method, headers }: Visit): DoorRequest | undefined =>
    paths.read({ url: target, method, hasSession: headers["mcp-session-id"] !== undefined });
  const tendAll = (now: () => number): void => {
    for (const session of sessions.values()) session.tend(now());
  };
  const forget = (id: string): void => {
    sessions.delete(id);
    if (sessions.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  const open = (at: Arrived, query: string): RunningCall => {
    const refused = refuseOpening(at, sessions.size >= options.maxSessions);
    if (refused !== undefined) return refuseWith(at, refused);
    const { deps, received, client } = at;
    const id = options.random();
    const session = openDoorSession({
      call: deps,
      opened: { ...received, path: options.upstreamPath + query },
      client,
      endpoint: paths.messagesOf(id),
      maxPending: options.maxPending ?? 256,
      onEnd() {
        forget(id);
        record(at, { decision: "allow", reason: "Allowed" });
      },
    });
    sessions.set(id, session);
    timer ??= setInterval(() => tendAll(deps.now), tendMs).unref();
    return { onDrain: session.drained, onGone: session.close };
  };
  const post = (at: Arrived, sessionId: string): RunningCall => {
    const session = sessions.get(sessionId);
    // A session is bound to who opened it; to others it does not exist.
    if (session?.caller !== at.received.caller) {
      const text = "The session is not known or has ended.";
      return refuseWith(at, explain(at, { reason: "SessionUnknown", text }));
    }
    return session.post(at.received, at.client);
  };

  return {
    claims: (visit) => read(visit) !== undefined,
    take(at) {
      const asked = read(at.visit);
      if (asked === undefined) return undefined;
      return asked.kind === "stream" ? open(at, asked.query) : post(at, asked.sessionId);
    },
    sessions: () => sessions.size,
    close() {
      for (const session of [...sessions.values()]) session.close();
    },
  };
}

/** A refusal with the reason that is recorded. */
interface Refused {
  readonly reason: Reason;
  readonly refusal: Refusal;
}

function explain({ deps }: Arrived, why: { readonly reason: WireReason; readonly text: string }): Refused {
  return { reason: why.reason, refusal: refuseFor({ era: "legacy", server: deps.server }, why) };
}

/** Why no stream is opened; undefined where one is. */
function refuseOpening(at: Arrived, isFull: boolean): Refused | undefined {
  const denied = refuseStream(at.deps.policy().compiled, at.deps.server);
  if (denied !== undefined) return denied;
  const { accept } = at.visit.headers;
  if (typeof accept === "string" && !readAcceptance(["accept", accept]).events) {
    return explain(at, { reason: "RequestMalformed", text: "Accept must list text/event-stream." });
  }
  if (!isFull) return undefined;
  return explain(at, { reason: "FloodLimited", text: "No more streams may be open to this server at once." });
}

function refuseWith(at: Arrived, { reason, refusal }: Refused): RunningCall {
  at.client.refuse(refusal);
  record(at, { decision: "deny", reason });
  return answered;
}

function record(
  { deps, received, client }: Arrived,
  outcome: { readonly decision: "allow" | "deny"; readonly reason: Reason },
): void {
  const described = { method: received.method, isTool: false, ...outcome };
  recordExchange(deps, { received, client, policy: deps.policy() }, described);
}
