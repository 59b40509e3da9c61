import { describe, expect, it } from "vitest";
import { createByteBudget } from "../call/budget.ts";
import { createAnswerClient, type AnswerEnd } from "./answer-client.ts";

const json = ["content-type", "application/json"];
const events = ["content-type", "text/event-stream"];

/** A client's side, with what it let through. */
function listen({ budgetBytes = 1_000, isReading = true } = {}) {
  const budget = createByteBudget(budgetBytes);
  const messages: string[] = [];
  const keys: (string | undefined)[] = [];
  const ends: AnswerEnd[] = [];
  const client = createAnswerClient({
    budget,
    onHead: () => undefined,
    onMessage({ json: text, key }) {
      messages.push(text.toString());
      keys.push(key);
      return isReading;
    },
    onEnd: (end) => void ends.push(end),
    isGone: () => false,
  });
  return { client, budget, messages, keys, ends };
}

const result = '{"jsonrpc":"2.0","id":1,"result":{}}';
const note = '{"jsonrpc":"2.0","method":"notifications/message"}';

describe("an answer on its way to a stream", () => {
  it("of JSON is one message, whatever pieces it comes in, and frees what it held", () => {
    const { client, budget, messages, ends } = listen();
    client.head(200, json);
    client.write(Buffer.from(result.slice(0, 9)));
    expect(budget.held()).toBe(9);
    client.end(Buffer.from(result.slice(9)));
    expect(messages).toEqual([result]);
    expect(ends).toEqual([{ status: 200 }]);
    expect(budget.held()).toBe(0);
  });

  it("of a batch is a message for each element", () => {
    const { client, messages, keys } = listen();
    client.head(200, json);
    client.end(Buffer.from(`[${result}, ${note},{"jsonrpc":"2.0","id":"1","error":{"code":1,"message":""}}]`));
    expect(messages).toHaveLength(3);
    expect(new Set(keys).size).toBe(3);
  });

  it("of events is a message for each that has one, as it comes, and says when to pause", () => {
    const { client, messages } = listen({ isReading: false });
    client.head(200, events);
    expect(client.write(Buffer.from(": comment\n\nid: 1\ndata:\n\n"))).toBe(true);
    expect(client.write(Buffer.from(`id: 2\ndata: ${note}\n\ndata: ${result.slice(0, 5)}`))).toBe(false);
    expect(messages).toEqual([note]);
    expect(client.write(Buffer.from(`${result.slice(5)}\n\n`))).toBe(false);
    expect(messages).toEqual([note, result]);
  });

  it("that the server closes early says where it goes on", () => {
    const { client, ends } = listen();
    client.head(200, events);
    client.end(Buffer.from("id: 7\nretry: 30\ndata:\n\n"));
    expect(ends).toEqual([{ status: 200, pausedAt: { eventId: "7", retryMs: 30 } }]);
  });

  it("that is an error for nobody is no message, but its words are kept", () => {
    const { client, messages, ends } = listen();
    const body = Buffer.from('{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"no such session"}}');
    client.refuse({ status: 404, headers: json, body });
    expect(messages).toEqual([]);
    expect(ends).toEqual([{ status: 404, words: "no such session" }]);
  });

  it.each(["<html>", "", '"text"', "[]"])("that is %j is no message", (text) => {
    const { client, messages, ends } = listen();
    client.refuse({ status: 500, headers: ["content-type", "text/html"], body: Buffer.from(text) });
    expect(messages).toEqual([]);
    expect(ends).toEqual([{ status: 500 }]);
  });

  it("that would hold more than there is to hold is given up, with a reason", () => {
    const { client, budget, messages, ends } = listen({ budgetBytes: 20 });
    client.head(200, json);
    client.end(Buffer.from(result));
    expect(messages).toEqual([]);
    expect(ends).toEqual([{ status: 200, words: "too many large answers are under way" }]);
    expect(budget.held()).toBe(0);
  });

  it("ends once, also where it breaks off", () => {
    const { client, budget, ends } = listen();
    client.head(200, json);
    client.write(Buffer.from(result.slice(0, 9)));
    client.destroy();
    client.destroy();
    client.end();
    expect(ends).toEqual([{ status: 200 }]);
    expect(budget.held()).toBe(0);
  });
});
