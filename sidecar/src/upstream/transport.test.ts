import type { FeedTransport } from "@outrigger/api/feed";
import { describe, expect, it } from "vitest";
import type { HttpUpstream } from "./http.ts";
import { chooseTransport, type HttpTransport } from "./transport.ts";
import type { UpstreamRequest, UpstreamSink } from "./upstream.ts";

const request: UpstreamRequest = { method: "GET", path: "/", headers: [], caller: "c" };
const sink: UpstreamSink = {
  onHead: () => undefined,
  onData: () => true,
  onEnd: () => undefined,
  onFailure: () => undefined,
};

/** A choice with what happened: which upstream was used, opened and closed. */
function choose(declared: HttpTransport | undefined) {
  const events: string[] = [];
  const found: FeedTransport[] = [];
  const name = (kind: string): HttpUpstream => ({
    send: () => {
      events.push(`sent over ${kind}`);
      return { resume: () => undefined, abort: () => undefined };
    },
    inUse: () => ({ calls: 0, streams: 0 }),
    close: () => Promise.resolve(void events.push(`closed ${kind}`)),
  });
  const http = name("http");
  const choice = chooseTransport({
    declared,
    http,
    openSse: () => {
      events.push("opened sse");
      return name("sse");
    },
    wallNow: () => 7,
    onFound: (each) => void found.push(each),
  });
  return { choice, http, events, found, send: () => choice.upstream.send(request, sink) };
}

describe("how a server is spoken to", () => {
  it("is as somebody said, and nothing is asked or put in between", () => {
    const { choice, http } = choose("streamable-http");
    expect(choice.upstream).toBe(http);
    expect(choice).toMatchObject({ declared: { kind: "streamable-http", by: "configuration", atMs: 7 } });
    expect(choice.found).toBeUndefined();
    const older = choose("sse");
    older.send();
    expect(older.events).toEqual(["opened sse", "sent over sse"]);
    expect(older.choice.found).toBeUndefined();
  });

  it("is Streamable HTTP until something else was found, and follows what is found later", () => {
    const { choice, events, found, send } = choose(undefined);
    expect(choice.declared).toBeUndefined();
    send();
    choice.found?.("sse");
    send();
    choice.found?.("streamable-http");
    send();
    choice.found?.("sse");
    send();
    expect(events).toEqual(["sent over http", "opened sse", "sent over sse", "sent over http", "sent over sse"]);
    expect(found.map(({ kind }) => kind)).toEqual(["sse", "streamable-http", "sse"]);
    expect(found[0]).toEqual({ kind: "sse", by: "detection", atMs: 7 });
  });

  it("ends with the one that holds the connections", async () => {
    const { choice, events } = choose(undefined);
    await choice.upstream.close();
    expect(events).toEqual(["closed http"]);
    const older = choose(undefined);
    older.choice.found?.("sse");
    older.choice.found?.("streamable-http");
    await older.choice.upstream.close();
    expect(older.events).toContain("closed sse");
  });
});
