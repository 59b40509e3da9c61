/**
 * Reads the answers of one connection from its bytes, however they are cut: head, body by length, by chunks or to the end. Bodies are
 * passed on as slices, never copied. Pure but for the events it tells. Before: head.ts. Source: RFC 9112 sections 6 and 7.
 */
import { readHead, type ResponseHead } from "./head.ts";

/** Who hears what was read: one head, any number of data, then one of end and broken. Interim answers (1xx) are not told. */
export interface ReaderEvents {
  readonly onHead: (head: ResponseHead) => void;
  readonly onData: (chunk: Buffer) => void;
  readonly onEnd: () => void;
  readonly onBroken: (problem: string) => void;
}

export interface AnswerReader {
  /** Takes bytes; they are borrowed. */
  readonly push: (chunk: Buffer) => void;
  /** The connection has ended. */
  readonly finish: () => void;
  /** Not a byte of the next answer has come. */
  readonly isUntouched: () => boolean;
  /** Ready for the next answer. False while an answer is being read, and after one that was broken or followed by other bytes. */
  readonly isIdle: () => boolean;
}

const maxHeadBytes = 64 * 1024;
const maxLineBytes = 4 * 1024;
const headEnd = Buffer.from("\r\n\r\n");
const lineEnd = Buffer.from("\r\n");
const empty = Buffer.alloc(0);

/** The part of an answer that is expected next. */
type Part = "head" | "length" | "chunkSize" | "chunk" | "chunkEnd" | "trailer" | "close" | "over";

/** Creates the reader of one connection. */
export function createAnswerReader(events: ReaderEvents): AnswerReader {
  let part: Part = "head";
  /** Bytes of a head or a line that is not complete yet. */
  let kept = empty;
  let left = 0;
  let trailerBytes = 0;
  let hasBegun = false;

  const breakOff = (problem: string): number => {
    part = "over";
    kept = empty;
    events.onBroken(problem);
    return -1;
  };
  const complete = (): void => {
    part = "head";
    hasBegun = false;
    events.onEnd();
  };

  /** Takes everything up to a mark out of `chunk` and what was kept; undefined where the mark has not come yet. */
  const takeTo = (
    mark: Buffer,
    chunk: Buffer,
    at: number,
  ): { readonly found: Buffer; readonly next: number } | undefined => {
    if (kept.length === 0) {
      const end = chunk.indexOf(mark, at);
      if (end >= 0) return { found: chunk.subarray(at, end), next: end + mark.length };
      kept = Buffer.from(chunk.subarray(at));
      return undefined;
    }
    const before = kept.length;
    const joined = Buffer.concat([kept, chunk.subarray(at)]);
    const end = joined.indexOf(mark, Math.max(0, before - mark.length));
    if (end < 0) {
      kept = joined;
      return undefined;
    }
    kept = empty;
    return { found: joined.subarray(0, end), next: at + end + mark.length - before };
  };

  const takeHead = (chunk: Buffer, at: number): number => {
    hasBegun = true;
    const taken = takeTo(headEnd, chunk, at);
    if ((taken?.found.length ?? kept.length) > maxHeadBytes)
      return breakOff(`its head is longer than ${maxHeadBytes} bytes`);
    if (taken === undefined) return chunk.length;
    const reading = readHead(taken.found.toString("latin1"));
    if (!reading.ok) return breakOff(reading.problem);
    return beginBody(reading.head, taken.next);
  };
  const beginBody = (head: ResponseHead, next: number): number => {
    if (head.status === 101) return breakOff("it changes the protocol, which nobody asked for");
    if (head.status < 200) return next;
    events.onHead(head);
    const { framing } = head;
    if (framing.kind === "close") part = "close";
    else if (framing.kind === "chunked") part = "chunkSize";
    else if (framing.bytes === 0) complete();
    else {
      part = "length";
      left = framing.bytes;
    }
    return next;
  };
  const takeBody = (chunk: Buffer, at: number): number => {
    const end = Math.min(chunk.length, at + left);
    left -= end - at;
    events.onData(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
    if (left > 0) return end;
    if (part === "chunk") part = "chunkEnd";
    else if (part === "length") complete();
    return end;
  };
  const takeChunkSize = (chunk: Buffer, at: number): number => {
    const line = takeLine(chunk, at);
    if (line === undefined) return part === "over" ? -1 : chunk.length;
    const size = /^([0-9a-fA-F]{1,12})[\t ]*(?:;.*)?$/.exec(line.text)?.[1];
    if (size === undefined) return breakOff("the length of a chunk is no number");
    left = Number.parseInt(size, 16);
    part = left === 0 ? "trailer" : "chunk";
    trailerBytes = 0;
    return line.next;
  };
  const takeLine = (chunk: Buffer, at: number): { readonly text: string; readonly next: number } | undefined => {
    const taken = takeTo(lineEnd, chunk, at);
    if ((taken?.found.length ?? kept.length) > maxLineBytes) {
      breakOff("a line between its chunks is too long");
      return undefined;
    }
    return taken === undefined ? undefined : { text: taken.found.toString("latin1"), next: taken.next };
  };
  const takeChunkEnd = (chunk: Buffer, at: number): number => {
    const line = takeLine(chunk, at);
    if (line === undefined) return part === "over" ? -1 : chunk.length;
    if (line.text !== "") return breakOff("a chunk is longer than it says");
    part = "chunkSize";
    return line.next;
  };
  /** Trailers are of no use to anybody here. */
  const takeTrailer = (chunk: Buffer, at: number): number => {
    const line = takeLine(chunk, at);
    if (line === undefined) return part === "over" ? -1 : chunk.length;
    trailerBytes += line.text.length;
    if (trailerBytes > maxHeadBytes) return breakOff("its trailers are too long");
    if (line.text === "") complete();
    return line.next;
  };
  const takeRest = (chunk: Buffer, at: number): number => {
    events.onData(at === 0 ? chunk : chunk.subarray(at));
    return chunk.length;
  };

  const take: Readonly<Record<Exclude<Part, "over">, (chunk: Buffer, at: number) => number>> = {
    head: takeHead,
    length: takeBody,
    chunkSize: takeChunkSize,
    chunk: takeBody,
    chunkEnd: takeChunkEnd,
    trailer: takeTrailer,
    close: takeRest,
  };

  return {
    push: (chunk) => {
      let at = 0;
      let isFirst = true;
      while (at < chunk.length && part !== "over") {
        // Bytes behind the end of an answer belong to no request.
        if (part === "head" && !hasBegun && !isFirst) {
          part = "over";
          return;
        }
        isFirst = false;
        at = take[part](chunk, at);
        if (at < 0) return;
      }
    },
    finish: () => {
      if (part === "close") {
        part = "over";
        events.onEnd();
      } else if (part !== "over") breakOff("the connection ended");
    },
    isUntouched: () => !hasBegun,
    isIdle: () => part === "head" && !hasBegun && kept.length === 0,
  };
}
