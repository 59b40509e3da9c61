import { describe, expect, it } from "vitest";
import { readServerMessage } from "./read-message.ts";

describe("a line of a server", () => {
  it("is read as response, request or notification with the place of its id", () => {
    const line = Buffer.from('{"result":{"id":1},"jsonrpc":"2.0","id":"x y"}');
    const message = readServerMessage(line);
    expect(message).toMatchObject({ type: "response", id: "x y" });
    expect(message?.idSpan && line.toString("utf8", message.idSpan.start, message.idSpan.end)).toBe('"x y"');
    expect(readServerMessage(Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping"}'))).toMatchObject({
      type: "request",
      method: "ping",
    });
    expect(readServerMessage(Buffer.from('{"jsonrpc":"2.0","method":"x"}'))).toMatchObject({
      type: "notification",
      method: "x",
    });
  });

  it.each([
    "not json",
    "[]",
    "1",
    "{}",
    '{"jsonrpc":"1.0","id":1,"result":{}}',
    '{"jsonrpc":"2.0","id":1}',
    '[{"jsonrpc":"2.0","id":1,"result":{}}]',
  ])("is garbage when it is %s", (text) => expect(readServerMessage(Buffer.from(text))).toBeUndefined());

  it("that two decoders could read differently goes on as its parsed value", () => {
    const message = readServerMessage(Buffer.from('{"jsonrpc":"2.0","id":1,"result":{},"Id":2,"id":3}'));
    expect(message).toMatchObject({ type: "response", id: 3 });
    expect(message?.bytes.toString()).toBe('{"jsonrpc":"2.0","id":3,"result":{},"Id":2}');
    expect(message?.idSpan && message.bytes.toString("utf8", message.idSpan.start, message.idSpan.end)).toBe("3");
  });

  it("nested deeper than any stack is garbage, not a crash", () => {
    const deep = "[".repeat(200_000) + "]".repeat(200_000);
    expect(() => readServerMessage(Buffer.from(`{"jsonrpc":"2.0","id":1,"result":{"a":${deep}}}`))).not.toThrow();
  });
});
