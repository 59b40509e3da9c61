/**
 * Writes the answers of one connection, one after the other, framed by length where that is known, else by chunks, or by the connection's end
 * for HTTP/1.0. Each goes out in as few pieces as possible: small ones that are written at once, such as events, go together. Before:
 * answer-head.ts.
 */
import type { Socket } from "node:net";
import type { AnswerHead } from "../visit.ts";
import { beginHead, endHead, isBodiless, type AnswerBeginning } from "./answer-head.ts";
import type { RequestHead } from "./request-head.ts";

export interface AnswerWriter {
  /** Makes ready for the answer to a request. */
  readonly start: (request: RequestHead) => void;
  readonly head: (head: AnswerHead) => void;
  readonly flush: () => void;
  /** False asks to pause until the socket has drained. */
  readonly write: (chunk: Buffer) => boolean;
  readonly end: (chunk: Buffer | undefined) => void;
  /** Has the connection end with this answer, whatever its head promised. */
  readonly endConnection: () => void;
  /** Whether the connection may serve another request. */
  readonly keepsAlive: () => boolean;
  /** Bytes of it were written. */
  readonly isSent: () => boolean;
  readonly isEnded: () => boolean;
}

/** Up to here pieces are written with what stands before them: copying costs less than a second write. */
const joinedBytes = 16 * 1024;

/** How the end of the body is found. */
type Framing = "undecided" | "length" | "chunked" | "close" | "bodiless";

/** Creates the writer of one connection. */
export function createAnswerWriter(socket: Socket): AnswerWriter {
  let request: RequestHead | undefined;
  let beginning: AnswerBeginning | undefined;
  let framing: Framing = "undecided";
  let keepsAlive = true;
  let isSent = false;
  let isEnded = false;
  let batch = "";
  let isBatchDue = false;

  /** The head, where it is not sent yet; `length` of a body that is known whole. */
  const takeHead = (length: number | undefined): string => {
    if (beginning === undefined) return "";
    const { text } = beginning;
    beginning = undefined;
    isSent = true;
    if (framing !== "undecided") return endHead(text, { body: "said", keepsAlive });
    framing = length !== undefined ? "length" : request?.isOld === true ? "close" : "chunked";
    if (framing === "close") keepsAlive = false;
    return endHead(text, { body: length ?? (framing === "chunked" ? "chunked" : "said"), keepsAlive });
  };
  /** Writes everything at once. */
  const put = (before: string, chunk: Buffer | undefined, after: string): void => {
    const text = batch + before;
    batch = "";
    if (chunk === undefined || chunk.length <= joinedBytes) {
      // Each byte is one character of latin1.
      const all = chunk === undefined ? text + after : text + chunk.toString("latin1") + after;
      if (all !== "") socket.write(all, "latin1");
      return;
    }
    socket.cork();
    if (text !== "") socket.write(text, "latin1");
    socket.write(chunk);
    if (after !== "") socket.write(after, "latin1");
    socket.uncork();
  };
  const putBatch = (): void => {
    isBatchDue = false;
    if (!socket.destroyed) put("", undefined, "");
  };
  /** Writes with what else is written now. */
  const putSoon = (text: string): void => {
    batch += text;
    if (batch.length > joinedBytes) put("", undefined, "");
    else if (!isBatchDue) {
      isBatchDue = true;
      queueMicrotask(putBatch);
    }
  };
  const putPiece = (head: string, chunk: Buffer): void => {
    const [before, after] = framing === "chunked" ? [`${head}${chunk.length.toString(16)}\r\n`, "\r\n"] : [head, ""];
    if (chunk.length > joinedBytes) put(before, chunk, after);
    else putSoon(before + chunk.toString("latin1") + after);
  };

  return {
    start: (asked) => {
      request = asked;
      beginning = undefined;
      framing = "undecided";
      keepsAlive = !asked.wantsEnd;
      isSent = false;
      isEnded = false;
    },
    head: ({ status, headers, isLast }) => {
      if (beginning !== undefined || isSent || isEnded) return;
      beginning = beginHead(status, headers);
      if (isLast || !beginning.keepsAlive) keepsAlive = false;
      if (isBodiless(request?.method ?? "", status)) framing = "bodiless";
      else if (beginning.hasLength) framing = "length";
    },
    flush: () => {
      putSoon(takeHead(undefined));
    },
    write: (chunk) => {
      // A chunk of no bytes would be the last one.
      if (isEnded || chunk.length === 0) return true;
      const head = takeHead(undefined);
      if (framing === "bodiless") putSoon(head);
      else putPiece(head, chunk);
      return !socket.writableNeedDrain;
    },
    end: (chunk) => {
      if (isEnded) return;
      isEnded = true;
      const size = chunk?.length ?? 0;
      const head = takeHead(size);
      const body = framing === "bodiless" || size === 0 ? undefined : chunk;
      if (framing !== "chunked") put(head, body, "");
      else if (body === undefined) put(head, undefined, "0\r\n\r\n");
      else put(`${head}${size.toString(16)}\r\n`, body, "\r\n0\r\n\r\n");
    },
    endConnection: () => {
      keepsAlive = false;
    },
    keepsAlive: () => keepsAlive,
    isSent: () => isSent,
    isEnded: () => isEnded,
  };
}
