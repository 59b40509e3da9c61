/**
 * Stands in for the client of one exchange of Streamable HTTP, and puts the messages of its answer on the client's own stream: the
 * stages of a call don't know that there is another transport before them. It sees to it that every request gets a response.
 */
import { createEventSplitter, scanMessage, type SseEvent } from "@outrigger/mcp";
import { readServerMessage } from "../bridge/read-message.ts";
import type { ByteBudget } from "../call/budget.ts";
import type { ClientSide } from "../call/client-side.ts";
import type { Refusal } from "../call/refuse.ts";
import { keyOfId } from "../call/filter.ts";
import { findHeader, isEventStream } from "../upstream/headers.ts";

/** One message of an answer; `key`: of the id, where it is a response. */
export interface AnswerMessage {
  readonly json: Buffer;
  readonly key: string | undefined;
}

/** How an answer ended. `pausedAt`: the server closed its stream early and goes on after this event, no sooner than `retryMs`. */
export interface AnswerEnd {
  readonly status: number;
  readonly pausedAt?: { readonly eventId: string; readonly retryMs: number | undefined };
  /** What the server said where it answered with an error for nobody. */
  readonly words?: string;
}

/** Who takes an answer. */
export interface AnswerTaker {
  readonly budget: ByteBudget;
  /** The head of the answer: its status and the session that it opens, if it does. */
  readonly onHead: (head: { readonly status: number; readonly sessionId: string | undefined }) => void;
  /** False asks to pause. */
  readonly onMessage: (message: AnswerMessage) => boolean;
  /** Once, after the last message. */
  readonly onEnd: (end: AnswerEnd) => void;
  readonly isGone: () => boolean;
}

/** The largest message that is taken; lists are bounded so by the stages before. */
const maxMessageBytes = 16 * 1024 ** 2;

/** Schemas in lists nest deeper than requests do. */
const answerDepth = 512;

/** Creates the client's side of one exchange. */
export function createAnswerClient(taker: AnswerTaker): ClientSide {
  let status = 0;
  let bytes = 0;
  let body: Body | undefined;
  let isOver = false;
  const head: ClientSide["head"] = (given, headers) => {
    if (status !== 0) return;
    status = given;
    taker.onHead({ status, sessionId: findHeader(headers, "mcp-session-id") });
    body = isEventStream(headers) ? createEventBody(taker) : createWholeBody(taker);
  };
  const write: ClientSide["write"] = (chunk) => {
    bytes += chunk.length;
    return isOver || (body?.push(chunk) ?? true);
  };
  const end: ClientSide["end"] = (chunk) => {
    if (isOver) return;
    if (chunk !== undefined) write(chunk);
    isOver = true;
    taker.onEnd({ status, ...body?.end() });
  };
  return {
    head,
    write,
    end,
    refuse(refusal: Refusal) {
      head(refusal.status, refusal.headers);
      end(refusal.body);
    },
    destroy() {
      if (isOver) return;
      isOver = true;
      body?.drop();
      taker.onEnd({ status });
    },
    isHeadSent: () => status !== 0,
    isGone: taker.isGone,
    bytes: () => bytes,
    status: () => status,
  };
}

interface Body {
  readonly push: (chunk: Buffer) => boolean;
  readonly end: () => Omit<AnswerEnd, "status">;
  readonly drop: () => void;
}

/** A body that is one message or a batch. The older transport has an event for each message. */
function createWholeBody({ budget, onMessage }: AnswerTaker): Body {
  const share = budget.open();
  const chunks: Buffer[] = [];
  let isTooMuch = false;
  const drop = (): void => {
    share.free();
    chunks.length = 0;
  };
  return {
    push(chunk) {
      isTooMuch ||= !share.grow(chunk.length);
      if (isTooMuch) drop();
      else chunks.push(chunk);
      return true;
    },
    end() {
      const whole = Buffer.concat(chunks);
      drop();
      const { messages, words } = readMessages(whole);
      messages.forEach(onMessage);
      if (isTooMuch) return { words: "too many large answers are under way" };
      return words === undefined ? {} : { words };
    },
    drop,
  };
}

/** A body that is an event stream: its messages go on as they come. */
function createEventBody({ onMessage }: AnswerTaker): Body {
  const splitter = createEventSplitter({ maxEventBytes: maxMessageBytes });
  let eventId = "";
  let retryMs: number | undefined;
  const take = ({ id, retry, data }: SseEvent): boolean => {
    eventId = id ?? eventId;
    retryMs = retry ?? retryMs;
    if (data === undefined || data === "") return true;
    return readMessages(Buffer.from(data, "utf8")).messages.map(onMessage).every(Boolean);
  };
  return {
    push: (chunk) => splitter.push(chunk).events.map(take).every(Boolean),
    end() {
      const last = splitter.end();
      if (last !== undefined) take(last);
      return eventId === "" ? {} : { pausedAt: { eventId, retryMs } };
    },
    drop: () => undefined,
  };
}

/** Reads what is sent on: messages, but no error for nobody, which no client could take for an answer. */
function readMessages(json: Buffer): { readonly messages: readonly AnswerMessage[]; readonly words?: string } {
  const scan = scanMessage(json, { maxDepth: answerDepth });
  if (scan.kind === "batch") {
    const elements = scan.batch.map((each) => Buffer.from(each.buffer, each.byteOffset, each.byteLength));
    return { messages: elements.flatMap((element) => readMessages(element).messages) };
  }
  const message = readServerMessage(json);
  if (message === undefined) return { messages: [] };
  const { type, id, bytes } = message;
  if (type !== "response") return { messages: [{ json: bytes, key: undefined }] };
  if (id !== null && id !== undefined) return { messages: [{ json: bytes, key: keyOfId(id) }] };
  const words = wordsOf(json);
  return words === undefined ? { messages: [] } : { messages: [], words };
}

function wordsOf(json: Buffer): string | undefined {
  // The scanner has read it as a JSON-RPC message.
  const { error } = JSON.parse(json.toString("utf8")) as { readonly error?: { readonly message?: unknown } };
  return typeof error?.message === "string" ? error.message.slice(0, 500) : undefined;
}
