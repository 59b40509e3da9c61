import { describe, expect, it } from "vitest";
import { createAnswerReader } from "./answer.ts";
import { nextStep, startLadder, type LadderOutcome } from "./ladder.ts";
import { buildRequest } from "./request.ts";

const after = (outcome: LadderOutcome) => nextStep(startLadder("http"), outcome).step;

describe("what is evidence for an era, and what is not", () => {
  it.each([408, 425, 429])("HTTP %i says nothing, with or without a JSON-RPC body", (status) => {
    const expected = { type: "failed", unauthorized: false };
    expect(after({ type: "status", status })).toMatchObject(expected);
    expect(after({ type: "error", status, error: { code: -32_000, message: "later" } })).toMatchObject(expected);
  });

  it("a server that discovers other revisions is spoken to in a legacy one, if it has one that we know", () => {
    const discover = (supportedVersions: unknown[]) => after({ type: "result", result: { supportedVersions } });
    expect(discover(["2027-01-01", "2025-06-18"])).toMatchObject({ type: "send", method: "initialize" });
    expect(discover(["2027-01-01", 3, null])).toMatchObject({ type: "failed" });
    expect(discover(["2025-06-18", "2026-07-28"])).toMatchObject({ type: "modern", version: "2026-07-28" });
  });
});

describe("a server that may speak the older transport alone", () => {
  const missing = { type: "status", status: 404 } as const;
  const climb = (transport: "http" | "any-http", ...outcomes: LadderOutcome[]) =>
    outcomes.reduce((ladder, outcome) => nextStep(ladder, outcome), startLadder(transport)).step;

  it.each([400, 404, 405])("is asked for its stream when it refuses the handshake with HTTP %i", (status) => {
    const refused = [
      { type: "status", status },
      { type: "error", status, error: { code: -32_000, message: "no" } },
    ] as const;
    for (const outcome of refused) {
      expect(climb("any-http", missing, outcome)).toMatchObject({ type: "listen" });
      expect(climb("http", missing, outcome)).toMatchObject({ type: "failed" });
    }
    expect(climb("any-http", missing, { type: "status", status }, { type: "endpoint" })).toEqual({ type: "sse" });
  });

  it.each([401, 403, 429, 500, 502])("is not asked for it after HTTP %i, which is no evidence", (status) => {
    expect(climb("any-http", missing, { type: "status", status })).toMatchObject({ type: "failed" });
    expect(climb("any-http", { type: "status", status })).toMatchObject({ type: "failed" });
  });

  it("is one of another kind, as it said, where the stream does not begin with an endpoint", () => {
    const others: LadderOutcome[] = [missing, { type: "silence", reason: "nothing came" }];
    for (const other of others) {
      expect(climb("any-http", missing, { type: "status", status: 405 }, other)).toEqual({
        type: "failed",
        reason: "the server answered with HTTP 405",
        unauthorized: false,
      });
    }
    const unauthorized = climb("any-http", missing, missing, { type: "status", status: 401 });
    expect(unauthorized).toMatchObject({ type: "failed", unauthorized: true });
  });

  it("speaks the newer one where it answers, whatever its stream would say", () => {
    const initialize = { protocolVersion: "2025-06-18" };
    expect(climb("any-http", missing, { type: "result", result: initialize })).toMatchObject({ type: "legacy" });
    expect(climb("any-http", { type: "endpoint" })).toMatchObject({ type: "send", method: "server/discover" });
  });
});

describe("the envelope of a request", () => {
  it("can't be replaced by metadata that came from elsewhere, so that body and headers agree", () => {
    const key = "io.modelcontextprotocol/protocolVersion";
    const voice = {
      era: "modern",
      version: "2026-07-28",
      clientInfo: { name: "c", version: "1" },
      clientCapabilities: {},
    } as const;
    const foreign = { [key]: "2025-03-26", traceparent: "00-1" };
    const message = buildRequest(voice, { id: 1, method: "tools/list", params: { _meta: foreign }, meta: foreign });
    expect(JSON.parse(message.body.toString())).toMatchObject({
      params: { _meta: { [key]: "2026-07-28", traceparent: "00-1" } },
    });
    expect(message.headers["mcp-protocol-version"]).toBe("2026-07-28");
  });
});

describe("the last event of an answer", () => {
  it("is read from a stream whose lines end with CR alone", () => {
    const reader = createAnswerReader({ id: 1, contentType: "text/event-stream", maxBytes: 100 });
    expect(reader.push(Buffer.from('data: {"jsonrpc":"2.0","id":1,"result":{}}\r\r'))).toEqual([]);
    expect(reader.end()).toMatchObject([{ type: "answer", result: {} }]);
    expect(reader.end()).toEqual([]);
  });
});
