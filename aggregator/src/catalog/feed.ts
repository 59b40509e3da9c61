/**
 * Follows one sidecar's feed: connects, reads states, connects again when the stream ends. A stream that breaks says nothing
 * about the sidecar, since networks cut idle streams; only an attempt to connect that fails does.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { feedEvent, feedPaths, readFeedState, type FeedState } from "@outrigger/api/feed";
import { createBackoff, type BackoffBounds } from "@outrigger/kube";
import { parseMediaType } from "@outrigger/mcp";
import { request, type Dispatcher } from "undici";
import { readEvents } from "../route/read-events.ts";

/** Opens what a feed is read through: one connection, which the feed ends. `origin`: of the control port. */
export type ConnectFeed = (origin: string) => Dispatcher;

/** Where the feed is and who hears of it. `onDown` gets one sentence. */
export interface FeedOptions {
  readonly controlUrl: string;
  readonly connect: ConnectFeed;
  readonly onState: (state: FeedState) => void;
  readonly onDown: (message: string) => void;
  readonly backoff: BackoffBounds;
  readonly random: () => number;
}

/** A feed that is followed until it is stopped; nothing is reported afterwards. */
export interface Feed {
  /** Somebody says that the sidecar answers now: an attempt that would wait for its time is made at once. */
  readonly hurry: () => void;
  readonly stop: () => Promise<void>;
}

const connectTimeoutMs = 10_000;
/** Longest silence before the stream is opened anew: sidecars send a comment more often. */
const silenceMs = 90_000;
const maxEventBytes = 1024 * 1024;

/** Starts following at once. */
export function followFeed(options: FeedOptions): Feed {
  const ending = new AbortController();
  const { signal } = ending;
  const backoff = createBackoff(options.random, options.backoff);
  let waiting = new AbortController();

  const isStopped = (): boolean => signal.aborted;

  const run = async (): Promise<void> => {
    while (!isStopped()) {
      const outcome = await readOnce(options, signal);
      if (isStopped()) return;
      if (outcome.hasState) backoff.reset();
      else options.onDown(outcome.message);
      const until = AbortSignal.any([signal, waiting.signal]);
      // Rejects when the feed is stopped or hurried; the loop looks at the signal itself.
      await sleep(backoff.next(), undefined, { signal: until }).catch(() => undefined);
      waiting = new AbortController();
    }
  };
  const running = run();
  return {
    hurry: () => {
      backoff.reset();
      waiting.abort();
    },
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}

interface Outcome {
  readonly hasState: boolean;
  readonly message: string;
}

/** Reads a stream over a connection of its own: a pool holds a queue for what else may be sent, larger than all that is known of a sidecar. */
async function readOnce(options: FeedOptions, signal: AbortSignal): Promise<Outcome> {
  let hasState = false;
  let dispatcher: Dispatcher | undefined;
  const onState = (state: FeedState): void => {
    hasState = true;
    options.onState(state);
  };
  try {
    dispatcher = options.connect(new URL(options.controlUrl).origin);
    const message = await readStates({ controlUrl: options.controlUrl, dispatcher, onState }, signal);
    return { hasState, message };
  } catch (error) {
    return { hasState, message: describeError(error) };
  } finally {
    await dispatcher?.destroy();
  }
}

type StreamParts = Pick<FeedOptions, "controlUrl" | "onState"> & { readonly dispatcher: Dispatcher };

/** Reads states until the stream ends; gives a sentence about its end. Errors: rejects where it breaks. */
async function readStates({ controlUrl, dispatcher, onState }: StreamParts, signal: AbortSignal): Promise<string> {
  const answer = await request(controlUrl + feedPaths.feed, {
    dispatcher,
    signal,
    headers: { accept: "text/event-stream" },
    headersTimeout: connectTimeoutMs,
    bodyTimeout: silenceMs,
  });
  const type = parseMediaType(String(answer.headers["content-type"] ?? ""));
  if (answer.statusCode !== 200 || type !== "text/event-stream") {
    await answer.body.dump();
    return `the control port answered ${answer.statusCode} with ${type === "" ? "no media type" : type}`;
  }
  for await (const event of readEvents(answer.body, maxEventBytes)) {
    const state = event.event === feedEvent ? readState(event.data) : undefined;
    if (state !== undefined && !signal.aborted) onState(state);
  }
  return "the feed ended before its first state";
}

/** A state that can't be read is left out: a newer sidecar may send events that this reader does not know. */
function readState(data: string | undefined): FeedState | undefined {
  try {
    return data === undefined ? undefined : readFeedState(JSON.parse(data));
  } catch {
    return undefined;
  }
}

function describeError(error: unknown): string {
  const cause = error instanceof Error ? error : new Error(String(error));
  const code = "code" in cause && typeof cause.code === "string" ? `${cause.code}: ` : "";
  return `${code}${cause.message}`;
}
