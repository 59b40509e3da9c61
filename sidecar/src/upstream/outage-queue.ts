/**
 * Holds calls that did not reach a server which was there before, until it is back: the kubelet starts a container that died
 * again within a second or two, and only what it was working on needs to be lost. Bounded in time and in number.
 */
import type { Upstream, UpstreamCall, UpstreamFailure, UpstreamRequest, UpstreamSink } from "./upstream.ts";

/** What the queue needs. Times in ms; `now` is any steady clock. */
export interface OutageQueueOptions {
  /** How long calls are held after the first that failed; then each fails at once until the server has answered again. */
  readonly waitMs: number;
  /** Between two tries, each with one call. */
  readonly pauseMs: number;
  /** How many calls are held; further ones fail at once. */
  readonly maxHeld: number;
  readonly now: () => number;
  /** Whether the server has ever answered: one that never did may never start. */
  readonly hasAnswered: () => boolean;
  /** A call did not reach the server. */
  readonly onAbsence: () => void;
}

/** The queue of one sidecar. */
export interface OutageQueue {
  /** The same upstream, with calls that wait while it is away. */
  readonly watch: (upstream: Upstream) => Upstream;
  readonly held: () => number;
  /** Fails what is held, now and from now on: nobody starts a server again while its pod ends. */
  readonly end: () => void;
}

interface HeldCall {
  readonly request: UpstreamRequest;
  readonly sink: UpstreamSink;
  readonly upstream: Upstream;
  /** Where it is under way; undefined while it is held. */
  call: UpstreamCall | undefined;
  failure: UpstreamFailure | undefined;
  isAborted: boolean;
}

/** Creates the queue. */
export function createOutageQueue(options: OutageQueueOptions): OutageQueue {
  const { waitMs, pauseMs, maxHeld, now } = options;
  const held = new Set<HeldCall>();
  let absentSinceMs: number | undefined;
  let isEnding = false;
  let timer: NodeJS.Timeout | undefined;

  const giveUp = (): void => {
    clearTimeout(timer);
    timer = undefined;
    for (const each of takeAll()) if (each.failure !== undefined) each.sink.onFailure(each.failure);
  };
  const takeAll = (): readonly HeldCall[] => {
    const all = [...held];
    held.clear();
    return all;
  };
  const recover = (): void => {
    if (absentSinceMs === undefined) return;
    absentSinceMs = undefined;
    clearTimeout(timer);
    timer = undefined;
    for (const each of takeAll()) dispatch(each);
  };
  const tryOne = (): void => {
    timer = undefined;
    if (absentSinceMs !== undefined && now() - absentSinceMs >= waitMs) giveUp();
    const [first] = held;
    if (first === undefined) return;
    held.delete(first);
    dispatch(first);
    if (held.size > 0) schedule();
  };
  const schedule = (): void => {
    timer ??= setTimeout(tryOne, pauseMs);
  };
  const mayHold = (failure: UpstreamFailure): boolean => {
    if (failure.sent || !isAbsence(failure) || !options.hasAnswered() || isEnding) return false;
    if (absentSinceMs === undefined) {
      absentSinceMs = now();
      options.onAbsence();
    }
    return held.size < maxHeld && now() - absentSinceMs < waitMs;
  };
  const dispatch = (mine: HeldCall): void => {
    const { request, sink, upstream } = mine;
    const call = upstream.send(request, {
      onHead: (status, headers) => {
        recover();
        sink.onHead(status, headers);
      },
      onData: sink.onData,
      onEnd: sink.onEnd,
      onFailure: (failure) => {
        if (!mayHold(failure)) {
          sink.onFailure(failure);
          return;
        }
        mine.call = undefined;
        mine.failure = failure;
        held.add(mine);
        schedule();
      },
    });
    // It may have failed already, within the line above.
    if (!held.has(mine)) mine.call = call;
    if (mine.isAborted) call.abort();
  };

  return {
    watch: (upstream) => ({
      close: upstream.close,
      send: (request, sink) => {
        if (request.method !== "POST") return upstream.send(request, sink);
        const mine: HeldCall = { request, sink, upstream, call: undefined, failure: undefined, isAborted: false };
        dispatch(mine);
        return {
          resume: () => mine.call?.resume(),
          abort: () => {
            mine.isAborted = true;
            held.delete(mine);
            mine.call?.abort();
          },
        };
      },
    }),
    held: () => held.size,
    end: () => {
      isEnding = true;
      giveUp();
    },
  };
}

const isAbsence = ({ reason }: UpstreamFailure): boolean =>
  reason === "UpstreamUnavailable" || reason === "UpstreamStarting";
