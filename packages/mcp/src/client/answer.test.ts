import { describe, expect, it } from "vitest";
import { createAnswerReader, type AnswerOptions } from "./answer.ts";
import type { AnswerEvent } from "./response.ts";

function read(text: string, over: Partial<AnswerOptions> = {}): readonly AnswerEvent[] {
  const reader = createAnswerReader({ id: 1, contentType: "text/event-stream", maxBytes: 1_000, ...over });
  return [...reader.push(Buffer.from(text)), ...reader.end()];
}
const json = { contentType: "application/json" };
const response = '{"jsonrpc":"2.0","id":1,"result":{}}';
const progress = '{"jsonrpc":"2.0","method":"notifications/progress"}';

describe("a stream that ends before the response", () => {
  const reason = "the event stream ended before the response";
  const pausedAt = (lastEventId: string, retryMs?: number) => [
    { type: "broken", reason, cause: { kind: "paused", lastEventId, retryMs } },
  ];

  it("can be resumed after its last id, which an event without data may bring", () => {
    expect(read("id: 7\ndata:\n\n")).toEqual(pausedAt("7"));
    expect(read("id: 7\n\nid: 8\nretry: 20\n\n: bye\n\n")).toEqual(pausedAt("8", 20));
    expect(read(`id: 7\ndata: ${progress}\n\n`).slice(1)).toEqual(pausedAt("7"));
    expect(read("id: 7\r\r")).toEqual(pausedAt("7"));
  });

  it("can't be resumed without an id, after an empty one, or after half an event with one", () => {
    for (const text of ["", "retry: 20\n\n", "id: 7\n\nid:\n\n", "id: 7\n", "id: 7\r"])
      expect(read(text), JSON.stringify(text)).toEqual([{ type: "broken", reason }]);
  });
});

describe("what settles a request", () => {
  it("is found in an array among other messages, and what comes behind it is left out", () => {
    const batch = `[${progress},{"jsonrpc":"2.0","id":2,"result":{}},${response},${progress}]`;
    const expected = [{ type: "message", message: { method: "notifications/progress" } }, { type: "answer" }];
    expect(read(batch, json)).toMatchObject(expected);
    expect(read(`data: ${batch}\n\ndata: ${progress}\n\n`)).toMatchObject(expected);
  });

  it("is never a response to another request, and nobody hears of that one", () => {
    const other = '{"jsonrpc":"2.0","id":2,"error":{"code":1,"message":"m"}}';
    expect(read(`data: ${other}\n\ndata: ${response}\n\n`)).toMatchObject([{ type: "answer" }]);
    expect(read('{"jsonrpc":"2.0","id":null,"result":{}}', json)).toMatchObject([{ type: "broken" }]);
  });

  it("keeps unknown members of an error, and needs only its code", () => {
    const errorOf = (error: string) => read(`{"jsonrpc":"2.0","id":null,"error":${error}}`, json);
    expect(errorOf('{"code":5,"message":"m","extra":true}')).toMatchObject([
      { type: "error", error: { code: 5, message: "m", extra: true } },
    ]);
    expect(errorOf('{"code":5}')).toMatchObject([{ type: "error", error: { code: 5, message: "" } }]);
    expect(errorOf('{"message":"m"}')).toMatchObject([{ type: "broken" }]);
  });

  it("is parsed as the caller wants it", () => {
    const parse = (text: string): unknown => ({ jsonrpc: "2.0", id: 1, result: { text } });
    expect(read("data: 12345678901234567890\n\n", { parse })).toMatchObject([
      { type: "answer", result: { text: "12345678901234567890" } },
    ]);
    expect(read("oops", { ...json, parse: JSON.parse })).toEqual([
      { type: "broken", reason: "the answer is not JSON" },
    ]);
  });
});

describe("bounds", () => {
  const tooLarge = (limitBytes: number) => ({ type: "broken", cause: { kind: "tooLarge", limitBytes } });
  const event = `data: ${progress}\n\n`;

  it("hold for a body and for each event, of which a stream may have any number", () => {
    expect(read(" ".repeat(1_001), json)).toMatchObject([tooLarge(1_000)]);
    expect(read(`data: ${" ".repeat(1_000)}`)).toMatchObject([tooLarge(1_000)]);
    expect(read(event.repeat(100)).filter(({ type }) => type === "message")).toHaveLength(100);
  });

  it("hold for a whole stream where that is wanted, comments too, up to the byte", () => {
    const stream = `: hi\n\n${event}data: ${response}\n\n`;
    const size = Buffer.byteLength(stream);
    expect(read(stream, { maxStreamBytes: size }).at(-1)).toMatchObject({ type: "answer" });
    expect(read(stream, { maxStreamBytes: size - 1 })).toMatchObject([{ type: "message" }, tooLarge(size - 1)]);
  });
});
