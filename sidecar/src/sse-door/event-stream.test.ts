import { describe, expect, it } from "vitest";
import type { ClientSide } from "../call/client-side.ts";
import { openEventStream } from "./event-stream.ts";

/** A reader that takes nothing once it is told to stand still. */
function createReader() {
  const state = { text: "", isStanding: false, hasEnded: false, isDestroyed: false };
  const client: ClientSide = {
    head: (status, headers) => void (state.text += `${status} ${headers[1]}\n`),
    write(chunk) {
      state.text += chunk.toString();
      return !state.isStanding;
    },
    end: () => void (state.hasEnded = true),
    refuse: () => undefined,
    destroy: () => void (state.isDestroyed = true),
    isHeadSent: () => true,
    isGone: () => state.isDestroyed,
    bytes: () => state.text.length,
    status: () => 200,
  };
  return { state, client };
}

describe("the stream of a client", () => {
  it("begins with the endpoint, and has a message event for each message", () => {
    const { state, client } = createReader();
    const stream = openEventStream(client, { endpoint: "/mcp/messages?sessionId=1", now: () => 0 });
    stream.send(Buffer.from('{"a":\n1}'));
    expect(state.text).toBe(
      '200 text/event-stream\nevent: endpoint\ndata: /mcp/messages?sessionId=1\n\nevent: message\ndata: {"a":\ndata: 1}\n\n',
    );
  });

  it("is kept open by comments while it is quiet, and ends once with a hint to come again", () => {
    const { state, client } = createReader();
    let nowMs = 0;
    const stream = openEventStream(client, { endpoint: "/", now: () => nowMs });
    const before = state.text.length;
    for (nowMs = 0; nowMs <= 31_000; nowMs += 1_000) stream.tend(nowMs);
    expect(state.text.slice(before)).toBe(": keep-alive\n\n: keep-alive\n\n");
    stream.end();
    stream.send(Buffer.from("{}"));
    expect(state).toMatchObject({ hasEnded: true });
    expect(state.text).not.toContain("data: {}");
    expect(state.text.endsWith("retry: 1000\n: this stream ends in order; open it again\n\n")).toBe(true);
    expect(stream.isOpen()).toBe(false);
  });

  it("asks to pause until its reader has caught up, and is given up when that takes too long", () => {
    const { state, client } = createReader();
    let nowMs = 0;
    const stream = openEventStream(client, { endpoint: "/", now: () => nowMs });
    state.isStanding = true;
    expect(stream.send(Buffer.from("{}"))).toBe(false);
    nowMs = 20_000;
    expect(stream.tend(nowMs)).toBe(true);
    stream.drained();
    nowMs = 40_000;
    expect(stream.send(Buffer.from("{}"))).toBe(false);
    expect(stream.tend(69_000)).toBe(true);
    expect(stream.tend(71_000)).toBe(false);
    expect(state.isDestroyed).toBe(true);
    expect(stream.isOpen()).toBe(false);
  });
});
