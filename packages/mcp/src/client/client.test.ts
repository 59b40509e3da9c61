import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAnswerReader } from "./answer.ts";
import { nextStep, startLadder, type LadderOutcome, type LadderStep } from "./ladder.ts";
import { createLineSplitter } from "./lines.ts";
import { buildInitialize, buildNotification, buildRequest, type ClientVoice } from "./request.ts";
import type { AnswerEvent } from "./response.ts";

const info = { clientInfo: { name: "test", version: "1" }, clientCapabilities: {} };
const modern: ClientVoice = { era: "modern", version: "2026-07-28", ...info };
const legacy: ClientVoice = { era: "legacy", version: "2025-06-18", ...info };
const bodyOf = (message: { body: Buffer }): unknown => JSON.parse(message.body.toString()) as unknown;

describe("messages of a client", () => {
  it("modern requests carry the envelope and repeat revision, method and name in headers", () => {
    const message = buildRequest(modern, {
      id: 1,
      method: "tools/call",
      params: { name: "é", arguments: {} },
      meta: { progressToken: 5 },
    });
    expect(bodyOf(message)).toMatchObject({
      params: {
        name: "é",
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientInfo": info.clientInfo,
          progressToken: 5,
        },
      },
    });
    expect(message.headers).toMatchObject({
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "=?base64?w6k=?=",
    });
  });

  it("legacy requests are plain and name the negotiated revision", () => {
    const message = buildRequest(legacy, { id: "a", method: "tools/list" });
    expect(bodyOf(message)).toEqual({ jsonrpc: "2.0", id: "a", method: "tools/list" });
    expect(message.headers).not.toHaveProperty("mcp-method");
    expect(message.headers["mcp-protocol-version"]).toBe("2025-06-18");
  });

  it("initialize comes before negotiation, so it has no version header", () => {
    const message = buildInitialize(legacy, { id: 0, version: "2025-11-25" });
    expect(bodyOf(message)).toMatchObject({
      method: "initialize",
      params: { protocolVersion: "2025-11-25", clientInfo: info.clientInfo },
    });
    expect(message.headers).not.toHaveProperty("mcp-protocol-version");
    expect(bodyOf(buildNotification(legacy, { method: "notifications/initialized" }))).toEqual({
      jsonrpc: "2.0",
      method: "notifications/initialized",
    });
  });
});

const read = (contentType: string, chunks: readonly string[]): AnswerEvent[] => {
  const reader = createAnswerReader({ id: 1, contentType, maxBytes: 1_000 });
  return [...chunks.flatMap((chunk) => reader.push(Buffer.from(chunk))), ...reader.end()];
};
const result = '{"jsonrpc":"2.0","id":1,"result":{"x":1,"unknown":true}}';

describe("reading an answer", () => {
  it("reads JSON and event streams in any pieces, with messages on the way, and keeps unknown members", () => {
    const stream = `: hi\n\nid: 3\ndata: {"jsonrpc":"2.0","method":"notifications/progress"}\n\ndata: ${result}\n\n`;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), (size) => {
        const pieces = (text: string): string[] => text.match(new RegExp(`.{1,${size}}`, "gs")) ?? [];
        expect(read("application/json; charset=utf-8", pieces(result))).toMatchObject([
          { type: "answer", result: { x: 1, unknown: true } },
        ]);
        expect(read("text/event-stream", pieces(stream))).toMatchObject([
          { type: "message", message: { method: "notifications/progress" }, eventId: "3" },
          { type: "answer", result: { x: 1 } },
        ]);
      }),
    );
  });

  it.each([
    [
      "application/json",
      '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no","data":{"a":1}}}',
      { type: "error", error: { code: -32601, message: "no", data: { a: 1 } } },
    ],
    ["application/json", '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"bad"}}', { type: "error" }],
    ["application/json", "{", { type: "broken", reason: "the answer is not JSON" }],
    [
      "application/json",
      '{"jsonrpc":"2.0","id":2,"result":{}}',
      { type: "broken", reason: "the answer comes without a response to this request" },
    ],
    ["application/json", '{"jsonrpc":"2.0","id":1}', { type: "broken" }],
    ["application/json", `"${"x".repeat(2_000)}"`, { type: "broken", reason: "the answer is larger than 1000 bytes" }],
    ["text/event-stream", `data: ${result}`, { type: "broken", reason: "the event stream ended before the response" }],
    [
      "text/event-stream",
      `data: ${"x".repeat(2_000)}`,
      { type: "broken", reason: "the answer is larger than 1000 bytes" },
    ],
    ["text/event-streaming", result, { type: "broken" }],
    ["", result, { type: "broken", reason: "the answer is of no media type, not JSON or an event stream" }],
  ])("%s with %s", (contentType, text, expected) => {
    expect(read(contentType, [text]).at(-1)).toMatchObject(expected);
    expect(read(contentType, [text]).filter((event) => event.type !== "message")).toHaveLength(1);
  });
});

const error = (code: number, data?: unknown, status = 400): LadderOutcome => ({
  type: "error",
  status,
  error: { code, message: "m", data },
});
const walk = (transport: "http" | "stdio", ...outcomes: LadderOutcome[]): LadderStep =>
  outcomes.reduce(nextStep, startLadder(transport)).step;

describe("finding a server's era", () => {
  it.each([
    [
      "a discover result",
      "http",
      { type: "result", result: { supportedVersions: ["2026-07-28"] } },
      { type: "modern" },
    ],
    ["a server that is not initialised", "http", error(-32000), { method: "initialize" }],
    ["an unknown method", "stdio", error(-32601), { method: "initialize" }],
    ["invalid parameters, as older Python servers say", "stdio", error(-32602), { method: "initialize" }],
    ["a failure with a JSON-RPC body", "http", error(-32603, undefined, 500), { method: "initialize" }],
    ["a failure without one", "http", { type: "status", status: 502 }, { type: "failed", unauthorized: false }],
    ["404", "http", { type: "status", status: 404 }, { method: "initialize" }],
    ["401", "http", { type: "status", status: 401 }, { type: "failed", unauthorized: true }],
    ["403 with a body", "http", error(-32600, undefined, 403), { type: "failed", unauthorized: true }],
    ["silence over HTTP", "http", { type: "silence", reason: "no answer" }, { type: "failed", reason: "no answer" }],
    ["silence over stdio", "stdio", { type: "silence", reason: "no answer" }, { method: "initialize" }],
    [
      "another modern revision",
      "http",
      { type: "result", result: { supportedVersions: ["2027-01-01"] } },
      { type: "failed" },
    ],
    [
      "a refused version with legacy ones left",
      "http",
      error(-32022, { supported: ["2025-11-25"] }),
      { method: "initialize" },
    ],
  ] as const)("after %s", (_name, transport, outcome, expected) => {
    expect(walk(transport, outcome)).toMatchObject(expected);
  });

  it("ends as legacy with the revision that the server names, or says why not", () => {
    const first = error(-32000);
    expect(walk("http", first, { type: "result", result: { protocolVersion: "2025-03-26" } })).toMatchObject({
      type: "legacy",
      version: "2025-03-26",
    });
    expect(walk("http", first, { type: "result", result: {} })).toMatchObject({ type: "failed" });
    expect(walk("http", first, error(-32603))).toMatchObject({ type: "failed", reason: "initialize failed: m" });
    expect(walk("http", first, { type: "status", status: 405 })).toMatchObject({ type: "failed" });
  });

  it("stays where it ended", () => {
    const done = nextStep(startLadder("http"), { type: "status", status: 401 });
    expect(nextStep(done, { type: "result", result: { supportedVersions: ["2026-07-28"] } })).toBe(done);
  });
});

describe("lines", () => {
  it("are the same however the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom("a", "é", "\r"), maxLength: 5 })),
        fc.integer({ min: 1, max: 7 }),
        (texts, size) => {
          const stream = Buffer.from(texts.map((text) => `${text}\n`).join(""));
          const splitter = createLineSplitter({ maxLineBytes: 1_000 });
          const lines: string[] = [];
          for (let at = 0; at < stream.length; at += size)
            lines.push(...splitter.push(stream.subarray(at, at + size)).lines.map(String));
          expect(lines).toEqual(texts.map((text) => text.replace(/\r$/, "")).filter((text) => text !== ""));
        },
      ),
    );
  });

  it("that grow beyond their bound stop the splitter", () => {
    const splitter = createLineSplitter({ maxLineBytes: 4 });
    expect(splitter.push(Buffer.from("ab\ncd"))).toMatchObject({ overflow: false });
    expect(splitter.push(Buffer.from("efg")).overflow).toBe(true);
    expect(createLineSplitter({ maxLineBytes: 4 }).push(Buffer.from("12345\nok\n")).overflow).toBe(true);
  });
});
