/**
 * Reads the answer to one request from an HTTP response, with its numbers exact, and lets go of the body. What is an answer,
 * `@outrigger/mcp` decides; what is done next, the caller.
 */
import type { Readable } from "node:stream";
import {
  createAnswerReader,
  type AnswerBreak,
  type AnswerEvent,
  type AnswerReader,
  type JsonObject,
  type RpcError,
} from "@outrigger/mcp";
import type { Dispatcher } from "undici";
import { parseExact } from "./exact-json.ts";

/** How an answer ended. `broken`: one sentence about what is wrong with it. */
export type Answer =
  | { readonly kind: "result"; readonly result: JsonObject }
  | { readonly kind: "error"; readonly error: RpcError }
  | { readonly kind: "broken"; readonly detail: string }
  | AnswerBreak;

/** What is read: the id of the request, the bound in bytes over the whole answer, and who gets messages on the way. */
export interface AnswerWanted {
  readonly id: number;
  readonly maxBytes: number;
  /** Notifications and requests of the server that come before the response. */
  readonly onMessage: (message: JsonObject) => void;
}

/** Reads the answer. Errors: rejects with what the body rejects with (aborted, socket closed), with nothing else. */
export async function readAnswer(response: Dispatcher.ResponseData, wanted: AnswerWanted): Promise<Answer> {
  const { statusCode, headers, body } = response;
  const { id, maxBytes, onMessage } = wanted;
  const contentType = [headers["content-type"]].flat()[0];
  const reader = createAnswerReader({ id, contentType, maxBytes, maxStreamBytes: maxBytes, parse: parseExact });
  const settled = await readUntilSettled(body, reader, onMessage);
  letGo(body, settled);
  switch (settled.type) {
    case "answer":
      return { kind: "result", result: settled.result };
    case "error":
      return { kind: "error", error: settled.error };
    case "broken":
      return settled.cause ?? { kind: "broken", detail: `It answered HTTP ${statusCode}: ${settled.reason}.` };
  }
}

type Settled = Exclude<AnswerEvent, { type: "message" }>;

async function readUntilSettled(
  body: Readable,
  reader: AnswerReader,
  onMessage: AnswerWanted["onMessage"],
): Promise<Settled> {
  const take = (events: readonly AnswerEvent[]): Settled | undefined => {
    for (const event of events) {
      if (event.type !== "message") return event;
      onMessage(event.message);
    }
    return undefined;
  };
  const chunks: AsyncIterable<Uint8Array> = body.iterator({ destroyOnReturn: false });
  for await (const chunk of chunks) {
    const settled = take(reader.push(chunk));
    if (settled !== undefined) return settled;
  }
  const settled = take(reader.end());
  if (settled === undefined) throw new Error("a reader whose body has ended did not settle the request");
  return settled;
}

/** Longest wait in ms for a body to end after what settled the request, so that its connection can be used again. */
const lingerMs = 200;

/** What comes now, an error too, changes nothing any more; of what is too large already nothing more is taken. */
function letGo(body: Readable, settled: Settled): void {
  if (body.readableEnded) return;
  body.on("error", () => undefined);
  if (settled.type === "broken" && settled.cause?.kind === "tooLarge") {
    body.destroy();
    return;
  }
  const timer = setTimeout(() => body.destroy(), lingerMs);
  body.once("close", () => clearTimeout(timer)).resume();
}
