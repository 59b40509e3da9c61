/**
 * Reads the requests of one connection from its bytes, however they are cut, one at a time: head, then body by length or by chunks. Bodies
 * are passed on as slices, never copied. Pure but for the events it tells. Before: request-head.ts. Source: RFC 9112 sections 2.2, 6 and 7.
 */
import { maxKnownBytes, recall, type HeadMemory, type KnownHead } from "./head-memory.ts";
import { createLineTaker, type Mark } from "./lines.ts";
import { readField } from "./fields.ts";
import { bareLine, readRequestHead, type RequestFault, type RequestHead } from "./request-head.ts";

/** Who hears what was read: one head, any number of data, one end; or once and for all a fault. */
export interface RequestEvents {
  /** `bodyBytes`: undefined where the body comes in chunks. */
  readonly onHead: (head: RequestHead, bodyBytes: number | undefined) => void;
  readonly onData: (chunk: Buffer) => void;
  readonly onEnd: () => void;
  readonly onFault: (fault: RequestFault) => void;
}

export interface RequestReader {
  /** Takes bytes, which are borrowed, up to the end of a request; gives what is left of them behind it. */
  readonly push: (chunk: Buffer) => Buffer | undefined;
  /** Not a byte of the next request has come. */
  readonly isIdle: () => boolean;
  /** Reads nothing more, and tells nothing more. */
  readonly stop: () => void;
  /** Keeps no head to compare the next one with. */
  readonly forget: () => void;
}

/** Heads: with all that stands between target, names and values, the limits of request-head.ts are reached first. */
const headMark: Mark = { bytes: Buffer.from("\r\n\r\n"), limit: 32 * 1024 };
const lineMark: Mark = { bytes: Buffer.from("\r\n"), limit: 4 * 1024 };
/** Of all trailers, and of all that stands behind the lengths of chunks. */
const maxAsideBytes = 16 * 1024;
/** Some clients end a body with an empty line that nobody counts. */
const maxEmptyLines = 4;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;

const chunkLine = /^([0-9a-fA-F]{1,16})(;[\t\x20-\x7e\x80-\xff]*)?$/;

/** The part of a request that is expected next. */
type Part = "start" | "head" | "length" | "chunkSize" | "chunk" | "chunkEnd" | "trailer" | "over";

/** Creates the reader of one connection. */
export function createRequestReader(events: RequestEvents, memory: HeadMemory): RequestReader {
  let part: Part = "start";
  const lines = createLineTaker();
  let left = 0;
  let asideBytes = 0;
  let emptyLines = 0;
  let hasCarriageReturn = false;
  let hasEnded = false;
  let known: KnownHead | undefined;

  const fail = (status: RequestFault["status"], problem: string): number => failWith({ status, problem });
  const failWith = (fault: RequestFault): number => {
    part = "over";
    events.onFault(fault);
    return -1;
  };
  const complete = (): void => {
    part = "start";
    tellEnd();
  };
  const tellEnd = (): void => {
    emptyLines = 0;
    hasEnded = true;
    events.onEnd();
  };

  const takeStart = (chunk: Buffer, at: number): number => {
    const byte = chunk[at] ?? 0;
    if (hasCarriageReturn) {
      hasCarriageReturn = false;
      if (byte !== lineFeed || ++emptyLines > maxEmptyLines) return fail(400, "there is something before the request");
      return at + 1;
    }
    if (byte === carriageReturn) {
      hasCarriageReturn = true;
      return at + 1;
    }
    if (!isTokenByte(byte)) return fail(400, "there is something before the request");
    part = "head";
    return takeHead(chunk, at);
  };
  const takeHead = (chunk: Buffer, at: number): number => {
    known ??= memory.last;
    const recalled = known === undefined || !lines.isEmpty() ? undefined : recall(known, chunk, at);
    return recalled === undefined ? readHead(chunk, at) : begin(recalled.head, recalled.bodyBytes, recalled.next);
  };
  const readHead = (chunk: Buffer, at: number): number => {
    const taken = lines.take(headMark, chunk, at);
    if (taken === "more") return chunk.length;
    if (taken === "bare") return fail(400, bareLine);
    if (taken === "long") return fail(431, `the head is longer than ${headMark.limit} bytes`);
    const reading = readRequestHead(taken.bytes.toString("latin1"));
    if (!reading.ok) return failWith(reading.fault);
    const { head, bodyBytes, lengthAt } = reading;
    if (taken.bytes.length <= maxKnownBytes) {
      const bytes = Buffer.concat([taken.bytes, headMark.bytes]);
      const lengthEnd = lengthAt < 0 ? -1 : bytes.indexOf(carriageReturn, lengthAt);
      known = { bytes, lengthAt, lengthEnd, head };
      memory.last = known;
    }
    return begin(head, bodyBytes, taken.next);
  };
  const begin = (head: RequestHead, bodyBytes: number, next: number): number => {
    const isWhole = !head.isChunked && bodyBytes === 0;
    if (isWhole) part = "start";
    else part = head.isChunked ? "chunkSize" : "length";
    left = bodyBytes;
    asideBytes = 0;
    events.onHead(head, head.isChunked ? undefined : bodyBytes);
    if (isWhole) tellEnd();
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
  /** Takes a line and where the bytes go on, or says what is wrong with it: -1; or that all bytes are used up. */
  const takeLine = (chunk: Buffer, at: number): { readonly text: string; readonly next: number } | number => {
    const taken = lines.take(lineMark, chunk, at);
    if (taken === "more") return chunk.length;
    if (taken === "bare") return fail(400, bareLine);
    if (taken === "long") return fail(400, `a line of the body's framing is longer than ${lineMark.limit} bytes`);
    return { text: taken.bytes.toString("latin1"), next: taken.next };
  };
  const takeChunkSize = (chunk: Buffer, at: number): number => {
    const line = takeLine(chunk, at);
    if (typeof line === "number") return line;
    const [, digits, extension = ""] = chunkLine.exec(line.text) ?? [];
    const size = Number.parseInt(digits ?? "", 16);
    if (!Number.isSafeInteger(size)) return fail(400, "the length of a chunk is no number");
    asideBytes += extension.length;
    if (asideBytes > maxAsideBytes) return fail(413, "too much stands beside the chunks");
    left = size;
    part = size === 0 ? "trailer" : "chunk";
    return line.next;
  };
  const takeChunkEnd = (chunk: Buffer, at: number): number => {
    const line = takeLine(chunk, at);
    if (typeof line === "number") return line;
    if (line.text !== "") return fail(400, "a chunk is longer than it says");
    part = "chunkSize";
    return line.next;
  };
  /** Trailers are of no use to anybody here. */
  const takeTrailer = (chunk: Buffer, at: number): number => {
    const line = takeLine(chunk, at);
    if (typeof line === "number") return line;
    asideBytes += line.text.length;
    if (asideBytes > maxAsideBytes) return fail(431, "the trailers are too long");
    if (line.text === "") complete();
    else if (!isTrailer(line.text)) return fail(400, "a trailer can't be read, or would change where the body ends");
    return line.next;
  };

  const take: Readonly<Record<Exclude<Part, "over">, (chunk: Buffer, at: number) => number>> = {
    start: takeStart,
    head: takeHead,
    length: takeBody,
    chunkSize: takeChunkSize,
    chunk: takeBody,
    chunkEnd: takeChunkEnd,
    trailer: takeTrailer,
  };

  return {
    push: (chunk) => {
      let at = 0;
      while (at < chunk.length && part !== "over") {
        at = take[part](chunk, at);
        if (at < 0) return undefined;
        if (!hasEnded) continue;
        hasEnded = false;
        return at < chunk.length ? chunk.subarray(at) : undefined;
      }
      return undefined;
    },
    isIdle: () => part === "start" && !hasCarriageReturn,
    stop: () => {
      part = "over";
    },
    forget: () => {
      known = undefined;
    },
  };
}

/** Source: RFC 9110 section 6.5.1. */
function isTrailer(line: string): boolean {
  const lower = readField(line)?.name.lower;
  return lower !== undefined && lower !== "content-length" && lower !== "transfer-encoding";
}

const tokenBytes = new Set(
  Buffer.from("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
);
const isTokenByte = (byte: number): boolean => tokenBytes.has(byte);
