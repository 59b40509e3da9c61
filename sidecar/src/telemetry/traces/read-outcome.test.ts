import { expect, it } from "vitest";
import type { KeptAnswer } from "../../call/exchange.ts";
import { readOutcome } from "./read-outcome.ts";

const keep = (text: string, contentType = "application/json", isWhole = true): KeptAnswer => ({
  contentType: () => contentType,
  bytes: () => Buffer.from(text),
  isWhole: () => isWhole,
  sha256: () => "",
});

const failed = '{"jsonrpc":"2.0","id":1,"result":{"isError":true}}';
const refused = '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no"}}';
const progress = 'data: {"jsonrpc":"2.0","method":"notifications/progress","params":{}}\n\n';

it.each([
  ['{"result":{"content":[]}}', undefined, undefined],
  [failed, "tool_error", undefined],
  [refused, "-32602", "-32602"],
  ['{"error":{}}', "_OTHER", undefined],
  ["no json", undefined, undefined],
  ["[]", undefined, undefined],
])("reads %j as %j", (text, errorType, statusCode) => {
  expect(readOutcome(keep(text))).toEqual({ errorType, statusCode });
});

it("finds the result among the events of a stream", () => {
  const stream = `${progress}event: message\r\ndata: ${failed}\r\n\r\n`;
  expect(readOutcome(keep(stream, "text/event-stream; charset=utf-8"))).toMatchObject({ errorType: "tool_error" });
  expect(readOutcome(keep(progress, "text/event-stream")).errorType).toBeUndefined();
});

it("does not judge by the beginning of an answer", () => {
  expect(readOutcome(keep(refused, "application/json", false)).errorType).toBeUndefined();
});
