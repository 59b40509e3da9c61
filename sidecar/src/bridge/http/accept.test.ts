import { describe, expect, it } from "vitest";
import { readAcceptance } from "./accept.ts";

describe("Accept", () => {
  it.each([
    [undefined, { json: true, events: true }],
    ["*/*", { json: true, events: true }],
    ["application/json, text/event-stream", { json: true, events: true }],
    ["Application/JSON;charset=utf-8", { json: true, events: false }],
    ["text/*", { json: false, events: true }],
    ["text/event-stream;q=0, application/json", { json: true, events: false }],
    ["text/event-streaming", { json: false, events: false }],
    ["text/html", { json: false, events: false }],
  ])("reads %j", (accept, expected) => {
    expect(readAcceptance(accept === undefined ? [] : ["Host", "x", "Accept", accept])).toEqual(expected);
  });
});
