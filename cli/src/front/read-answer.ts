/** The messages of an answer, each as one line, as they come. What they mean is not looked at. */
import { createEventSplitter, parseMediaType, type SseEvent } from "@outrigger/mcp";
import type { Answered } from "./send.ts";

/** The longest message in either direction, in bytes. */
export const maxMessageBytes = 64 * 1024 ** 2;

/** One message, and where to go on behind it. An event that only gives a place to go on from has no text. */
export interface AnswerPart {
  readonly text?: Buffer;
  readonly eventId?: string;
  readonly retryMs?: number;
}

/** Reads to the end. Rejects where the connection breaks or a message is too long. */
export async function* readAnswer(answered: Answered): AsyncGenerator<AnswerPart> {
  if (parseMediaType(answered.header("content-type")) === "text/event-stream") {
    yield* readEvents(answered.body);
    return;
  }
  const text = toLine(await readWhole(answered.body));
  if (text.length > 0) yield { text };
}

async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<AnswerPart> {
  const splitter = createEventSplitter({ maxEventBytes: maxMessageBytes });
  for await (const chunk of body) {
    const { events, overflow } = splitter.push(chunk);
    for (const event of events) yield toPart(event);
    if (overflow) throw new Error(`an event of the answer is longer than ${maxMessageBytes} bytes`);
  }
  const last = splitter.end();
  if (last !== undefined) yield toPart(last);
}

function toPart({ data, id, retry }: SseEvent): AnswerPart {
  return {
    ...(data === undefined || data === "" ? {} : { text: toLine(Buffer.from(data)) }),
    ...(id === undefined ? {} : { eventId: id }),
    ...(retry === undefined ? {} : { retryMs: retry }),
  };
}

/** The whole body, bounded. */
export async function readWhole(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxMessageBytes) throw new Error(`the answer is longer than ${maxMessageBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const [lineFeed, carriageReturn, space] = [0x0a, 0x0d, 0x20];

/** The same JSON on one line: a line end in JSON can only stand between its tokens, where a space means the same (RFC 8259). */
export function toLine(text: Buffer): Buffer {
  if (!text.includes(lineFeed) && !text.includes(carriageReturn)) return text;
  const line = Buffer.from(text.map((byte) => (byte === lineFeed || byte === carriageReturn ? space : byte)));
  return Buffer.from(line.toString("utf8").trim());
}
