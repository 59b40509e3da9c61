/**
 * Reads one HTTP answer at a time and says when it is whole, by Content-Length or by its last chunk. It decides whether the answer
 * is the expected one; bodies are counted, not kept.
 */

/** What a chunk made of the answer. */
export type AnswerState = "open" | "whole" | { readonly wrong: string };

/** Reads the answers of one connection, one after the other. */
export interface AnswerReader {
  readonly push: (chunk: Buffer) => AnswerState;
}

const headEnd = Buffer.from("\r\n\r\n");
const lastChunk = Buffer.from("0\r\n\r\n");
const shownBytes = 300;

/** Creates the reader. `answerHas` must stand in each body. */
export function createAnswerReader(answerHas: string): AnswerReader {
  const needle = Buffer.from(answerHas);
  let head: Buffer | undefined;
  let body = startBody(needle, 0);
  const readBody = (chunk: Buffer): AnswerState => {
    const state = body(chunk);
    if (state !== "open") head = undefined;
    return state;
  };
  return {
    push: (chunk) => {
      if (head !== undefined && head.length === 0) return readBody(chunk);
      const held = head === undefined ? chunk : Buffer.concat([head, chunk]);
      const end = held.indexOf(headEnd);
      if (end < 0) {
        head = held;
        return "open";
      }
      const text = held.toString("latin1", 0, end + 2);
      const length = readLength(text);
      if (!text.startsWith("HTTP/1.1 200 ") || length === undefined) return { wrong: show(held) };
      head = Buffer.alloc(0);
      body = startBody(needle, length);
      return readBody(held.subarray(end + headEnd.length));
    },
  };
}

/** Bytes of the body, infinite where it comes in chunks; undefined where the head says neither. */
function readLength(head: string): number | undefined {
  const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1];
  if (length !== undefined) return Number(length);
  return /\r\ntransfer-encoding: *chunked\r\n/i.test(head) ? Number.POSITIVE_INFINITY : undefined;
}

function startBody(needle: Buffer, length: number): (chunk: Buffer) => AnswerState {
  const isChunked = length === Number.POSITIVE_INFINITY;
  let left = length;
  let seen = false;
  // The end of what came, so that neither the needle nor the last chunk is missed where a packet cuts it.
  let tail: Buffer = Buffer.alloc(0);
  return (chunk) => {
    if (!seen || isChunked) {
      const joined = tail.length === 0 ? chunk : Buffer.concat([tail, chunk]);
      seen ||= joined.includes(needle);
      tail = joined.subarray(Math.max(0, joined.length - Math.max(needle.length, lastChunk.length)));
    }
    left -= chunk.length;
    const isWhole = isChunked ? endsWith(tail, lastChunk) : left <= 0;
    if (!isWhole) return "open";
    if (left < 0 && !isChunked) return { wrong: `${-left} bytes more than its length: ${show(chunk)}` };
    return seen ? "whole" : { wrong: `no ${needle.toString()} in ${show(tail)}` };
  };
}

function endsWith(bytes: Buffer, end: Buffer): boolean {
  return bytes.length >= end.length && bytes.subarray(bytes.length - end.length).equals(end);
}

function show(bytes: Buffer): string {
  return bytes.toString("latin1", 0, shownBytes);
}
