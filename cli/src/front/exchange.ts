/**
 * One request to the endpoint and everything that comes back, handed on as it comes. Says how it ended: answered, refused, broken
 * off, or with a place from which its stream can be gone on with. Decides nothing about trying again.
 */
import { readAnswered } from "./message.ts";
import { readRefusal, type FrontFailure } from "./failure.ts";
import { readAnswer, readWhole, toLine } from "./read-answer.ts";
import type { Answered, Asked, Send } from "./send.ts";

/** What is asked. `pending`: the ids (JSON texts) that still wait for an answer; those that come are taken out. */
export interface Exchange {
  readonly asked: Asked;
  readonly pending: Set<string>;
  readonly deliver: (text: Buffer) => Promise<void>;
  /** Called with the head of an answer that is no refusal. */
  readonly onOpen?: (answered: Answered) => void;
}

/** How an exchange ended. `broken`: without an answer, `hasOpened` where one had begun. */
export type ExchangeEnd =
  | { readonly kind: "done" | "cancelled" }
  | { readonly kind: "refused"; readonly status: number; readonly failure: FrontFailure }
  | { readonly kind: "broken"; readonly error: unknown; readonly hasOpened: boolean }
  | { readonly kind: "paused"; readonly lastEventId: string; readonly retryMs: number | undefined };

/** Creates what asks an endpoint. `place` names it in messages. */
export function createExchange(send: Send, place: string): (exchange: Exchange) => Promise<ExchangeEnd> {
  return async (exchange) => {
    const { asked } = exchange;
    const progress: Progress = { hasOpened: false, lastEventId: undefined, retryMs: undefined };
    try {
      const answered = await send(asked);
      if (answered.status >= 300) return await refuse(exchange, answered, place);
      progress.hasOpened = true;
      exchange.onOpen?.(answered);
      await readAll(exchange, answered, progress);
      return endOf(exchange, progress, new Error("the answer ended before the request was answered"));
    } catch (error) {
      return asked.signal.aborted ? { kind: "cancelled" } : endOf(exchange, progress, error);
    }
  };
}

interface Progress {
  hasOpened: boolean;
  lastEventId: string | undefined;
  retryMs: number | undefined;
}

async function readAll(exchange: Exchange, answered: Answered, progress: Progress): Promise<void> {
  for await (const { text, eventId, retryMs } of readAnswer(answered)) {
    progress.lastEventId = eventId ?? progress.lastEventId;
    progress.retryMs = retryMs ?? progress.retryMs;
    if (text !== undefined) await handOn(exchange, text);
  }
}

async function handOn({ pending, deliver }: Exchange, text: Buffer): Promise<void> {
  for (const id of readAnswered(text)) pending.delete(id);
  await deliver(text);
}

function endOf({ asked, pending }: Exchange, progress: Progress, error: unknown): ExchangeEnd {
  const { hasOpened, lastEventId, retryMs } = progress;
  // A stream of its own has nothing that waits for an answer: only its end is told.
  if (hasOpened && pending.size === 0 && asked.method === "POST") return { kind: "done" };
  if (lastEventId !== undefined && lastEventId !== "") return { kind: "paused", lastEventId, retryMs };
  return { kind: "broken", error, hasOpened };
}

/** An error that answers the request by its id goes on as it came. */
async function refuse(exchange: Exchange, answered: Answered, place: string): Promise<ExchangeEnd> {
  const { status } = answered;
  const body = toLine(await readWhole(answered.body));
  const isAnswer = readAnswered(body).some((id) => exchange.pending.has(id));
  if (isAnswer && status !== 401 && status !== 403) {
    await handOn(exchange, body);
    return { kind: "done" };
  }
  return { kind: "refused", status, failure: readRefusal(status, body.toString("utf8"), place) };
}
