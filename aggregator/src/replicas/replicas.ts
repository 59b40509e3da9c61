/**
 * The replicas of the aggregator as one of them uses them: handles of sessions, which replica serves a session, and the way there. Who could
 * not be reached is left out for a while, so that a session is taken over before the cluster has noticed.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Principal } from "../auth/principal.ts";
import type { Forwarded, ForwardOutcome } from "./forward.ts";
import { openHandle, sealHandle, type Handle, type NewHandle, type OpenedHandle, type Presented } from "./handle.ts";
import { hopHeader, openHop, readHopCaller, sealHop, type Hop, type HoppedRequest } from "./hop.ts";
import type { Membership } from "./membership.ts";
import { placeSession } from "./place.ts";
import type { Seal } from "./seal.ts";

/** Why a session handle was refused; `ended`: its session was ended here; `gone`: nobody can serve it any more. */
export type HandleRefusal = "unsealed" | "expired" | "foreign" | "ended" | "gone";

/** What is counted. */
export interface ReplicaMetrics {
  readonly countForwarded: (outcome: ForwardOutcome) => void;
  readonly countRefusedHandle: (reason: HandleRefusal) => void;
  /** A session goes on here that was opened elsewhere, or before this program started. */
  readonly countMoved: () => void;
}

/** What the replicas are made from. */
export interface ReplicasOptions {
  /** Address of this one. */
  readonly self: string;
  readonly membership: Membership;
  readonly seal: Seal;
  readonly forward: (req: IncomingMessage, res: ServerResponse, to: Forwarded) => Promise<ForwardOutcome>;
  /** How the caller of the request that is served now is named in audit lines. */
  readonly callerNow: () => string;
  /** The request that is served now is told of by another replica. */
  readonly onForwarded: () => void;
  /** False while this one does not know yet what there is: others serve better. */
  readonly hasRead: () => boolean;
  readonly metrics: ReplicaMetrics;
  readonly nowMs: () => number;
}

/** A request of a session. */
export interface PlacedRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly principal: Principal;
  /** The bytes of a POST. */
  readonly body: Uint8Array;
  /** Another replica has passed it on: it is not passed on again. */
  readonly isForwarded: boolean;
  /** Its session is open here. */
  readonly isOpen: boolean;
}

/** Where a request is served: `here`, nowhere any more, at a replica that broke off, or it has been answered already. */
export type Placed = "here" | "gone" | "broken" | "answered";

/** The replicas. */
export interface Replicas {
  /** Address of this one. */
  readonly self: string;
  readonly seal: (handle: Omit<NewHandle, "owner" | "nowMs">) => string;
  readonly open: (text: string, presented: Omit<Presented, "nowMs">) => OpenedHandle;
  readonly place: (handle: Handle, request: PlacedRequest) => Promise<Placed>;
  /** The same of a request that one replica alone can serve, by its address. `here` also where that one can't be reached. */
  readonly passTo: (holder: string, request: Omit<PlacedRequest, "isOpen">) => Promise<Exclude<Placed, "gone">>;
  /** What another replica says of a request that it passes on; undefined where none does. */
  readonly readHop: (value: unknown, request: HoppedRequest) => Hop | undefined;
  /** How another replica names the caller of a request that it passes on. */
  readonly readCaller: (headers: IncomingHttpHeaders) => string | undefined;
  /** From now on nothing new is begun here of a session that another replica can go on with. */
  readonly leave: () => void;
  /** How many there are, this one included. */
  readonly count: () => number;
  /** Calls that are passed on now. */
  readonly passing: () => number;
  readonly metrics: ReplicaMetrics;
}

/** How long somebody who could not be reached, or stood still, is left out. */
const awayMs = 2_000;
const frozenMs = 15_000;
/** What one replica alone can serve may be answered when a whole call is over, and not begun before. */
const longestAnswerMs = 30 * 60_000;
/** Pause before the same replica is asked again, where nobody else is there. */
const pauseMs = 50;

/** Creates it. */
export function createReplicas(options: ReplicasOptions): Replicas {
  const { self, membership, seal, forward, metrics, nowMs } = options;
  const awayUntil = new Map<string, number>();
  let isLeaving = false;
  let passing = 0;

  const listAway = (): ReadonlySet<string> => {
    const now = nowMs();
    for (const [member, untilMs] of awayUntil) if (untilMs <= now) awayUntil.delete(member);
    return new Set([...awayUntil.keys(), ...(isLeaving ? [self] : [])]);
  };
  /** A session that is open here and can't go on elsewhere stays to the end. */
  const locate = (handle: Handle, isOpen: boolean): string | undefined =>
    placeSession(handle, membership.members(), { away: listAway(), nowMs: nowMs() }) ??
    (isLeaving && isOpen ? self : undefined);
  /** Whether a request that another replica passes on is served: else that one looks for somebody else. */
  const takes = (handle: Handle, { isOpen }: PlacedRequest): boolean =>
    isLeaving ? isOpen && locate(handle, isOpen) === self : isOpen || options.hasRead();

  const passOn = async (
    to: string,
    { req, res, principal, body }: Omit<PlacedRequest, "isOpen">,
    headersMs?: number,
  ): Promise<ForwardOutcome> => {
    const request = { method: req.method ?? "", url: req.url ?? "", body, nowMs: nowMs() };
    const hop = sealHop(seal, { principal, caller: options.callerNow() }, request);
    // Whatever is sent to a session or a held call by POST has an end.
    const isCall = request.method === "POST";
    if (isCall) passing++;
    const outcome = await forward(req, res, { to, body, hop, ...(headersMs === undefined ? {} : { headersMs }) });
    if (isCall) passing--;
    metrics.countForwarded(outcome);
    if (outcome === "answered") options.onForwarded();
    else if (outcome !== "broken") awayUntil.set(to, nowMs() + (outcome === "away" ? awayMs : frozenMs));
    return outcome;
  };

  return {
    self,
    seal: (handle) => sealHandle(seal, { ...handle, owner: self, nowMs: nowMs() }),
    open: (text, presented) => {
      const opened = openHandle(seal, text, { ...presented, nowMs: nowMs() });
      if (!opened.ok) metrics.countRefusedHandle(opened.problem);
      return opened;
    },
    place: async (handle, request) => {
      if (request.isForwarded) {
        if (takes(handle, request)) return "here";
        request.res.setHeader(hopHeader, "leaving");
        return "gone";
      }
      // Each try leaves one replica out, so there is an end.
      for (let to = locate(handle, request.isOpen); to !== undefined; to = locate(handle, request.isOpen)) {
        if (to === self) return "here";
        const outcome = await passOn(to, request);
        if (outcome === "answered") return "answered";
        if (outcome === "broken" || outcome === "frozen") return "broken";
        await delay(pauseMs);
      }
      metrics.countRefusedHandle("gone");
      return "gone";
    },
    passTo: async (holder, request) => {
      if (request.isForwarded || holder === self || listAway().has(holder)) return "here";
      const outcome = await passOn(holder, request, longestAnswerMs);
      if (outcome === "answered") return "answered";
      return outcome === "broken" || outcome === "frozen" ? "broken" : "here";
    },
    readHop: (value, request) => openHop(seal, value, { ...request, nowMs: nowMs() }),
    readCaller: (headers) => readHopCaller(seal, headers[hopHeader]),
    leave: () => {
      isLeaving = true;
    },
    count: () => membership.members().ready.length,
    passing: () => passing,
    metrics,
  };
}
