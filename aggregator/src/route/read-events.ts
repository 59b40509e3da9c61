/** Reads server-sent events from a body, one after another, each bounded. Half an event at the end is no event. */
import { createEventSplitter, type SseEvent } from "@outrigger/mcp";

/** Yields whole events. Errors: throws where an event is larger than allowed, and whatever the body throws. */
export async function* readEvents(body: AsyncIterable<Uint8Array>, maxEventBytes: number): AsyncGenerator<SseEvent> {
  const splitter = createEventSplitter({ maxEventBytes });
  for await (const chunk of body) {
    const { events, overflow } = splitter.push(chunk);
    yield* events;
    if (overflow) throw tooLarge(maxEventBytes);
  }
  const last = splitter.end();
  if (last !== undefined) yield last;
}

/** Reads a whole body as text. Errors: as {@link readEvents}. */
export async function readBounded(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function tooLarge(limitBytes: number): Error {
  return new Error(`more than ${limitBytes} bytes`);
}
