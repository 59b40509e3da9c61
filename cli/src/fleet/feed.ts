/** Follows the feed of one sidecar: its states as they come, with the number of tools that it serves. Reconnects until closed. */
import { feedEvent, feedPaths, readCatalogue, readFeedState, type FeedState } from "@outrigger/api/feed";
import { setTimeout as delay } from "node:timers/promises";
import { createEventSplitter, type SseEvent } from "@outrigger/mcp";

/** A state with the size of its catalogue; `tools` is undefined until the server was listed. */
export interface ServerReport {
  readonly state: FeedState;
  readonly tools: number | undefined;
}

const reconnectMs = 300;
const maxEventBytes = 1024 ** 2;

/** Follows the control port at `base`, e.g. `http://127.0.0.1:19081`. Returns the function that ends it. */
export function followFeed(base: string, onReport: (report: ServerReport) => void): () => void {
  const ending = new AbortController();
  void followUntil(ending.signal, base, onReport);
  return () => ending.abort();
}

async function followUntil(signal: AbortSignal, base: string, onReport: (report: ServerReport) => void): Promise<void> {
  while (!signal.aborted) {
    try {
      await readOnce(signal, base, onReport);
      await delay(reconnectMs, undefined, { signal });
    } catch {
      // The sidecar is not there now, or we were told to stop; the loop's condition tells the two apart.
      await delay(reconnectMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

async function readOnce(signal: AbortSignal, base: string, onReport: (report: ServerReport) => void): Promise<void> {
  const response = await fetch(`${base}${feedPaths.feed}`, { signal, headers: { accept: "text/event-stream" } });
  const body: ReadableStream<Uint8Array> | null = response.body;
  if (!response.ok || body === null) return;
  const splitter = createEventSplitter({ maxEventBytes });
  const counts = new Map<string, number>();
  const take = async (events: readonly SseEvent[]): Promise<void> => {
    for (const { event, data } of events) {
      const state = event === feedEvent ? readFeedState(parseOrUndefined(data ?? "")) : undefined;
      if (state !== undefined) onReport({ state, tools: await countTools({ signal, base, counts }, state.digest) });
    }
  };
  for await (const chunk of body) {
    const { events, overflow } = splitter.push(chunk);
    if (overflow) return;
    await take(events);
  }
  const last = splitter.end();
  if (last !== undefined) await take([last]);
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function countTools(
  from: { readonly signal: AbortSignal; readonly base: string; readonly counts: Map<string, number> },
  digest: string | undefined,
): Promise<number | undefined> {
  if (digest === undefined) return undefined;
  const known = from.counts.get(digest);
  if (known !== undefined) return known;
  const response = await fetch(`${from.base}${feedPaths.catalogue}${digest}`, { signal: from.signal });
  const tools = response.ok ? readCatalogue(await response.json())?.tools.length : undefined;
  if (tools !== undefined) from.counts.set(digest, tools);
  return tools;
}
