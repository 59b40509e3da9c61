import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scanMessage } from "../scan/scan-message.ts";
import { checkModernHeaders, classifyInbound, type Inbound } from "./classify.ts";
import { decodeHeaderValue, encodeHeaderValue } from "./header-value.ts";
import { allowsBatch, negotiateLegacy } from "./revisions.ts";

const claim = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };
const post = (message: unknown, headerVersion?: string): Inbound => ({
  httpMethod: "POST",
  scan: scanMessage(Buffer.from(JSON.stringify(message))),
  ...(headerVersion === undefined ? {} : { headerVersion }),
});
const request = (method: string, params?: unknown) => ({ jsonrpc: "2.0", id: 1, method, params });

describe("era of a request", () => {
  it.each([
    ["a claim in the body", post(request("tools/list", { _meta: claim })), { era: "modern", version: "2026-07-28" }],
    [
      "a claim of a revision that does not exist",
      post(request("ping", { _meta: { ...claim, "io.modelcontextprotocol/protocolVersion": "2099" } })),
      { era: "modern", version: "2099" },
    ],
    [
      "a claim that is no text",
      post(request("ping", { _meta: { "io.modelcontextprotocol/protocolVersion": 3 } })),
      { era: "modern", problem: "MalformedClaim" },
    ],
    [
      "a modern header without a claim",
      post(request("tools/list"), "2026-07-28"),
      { era: "modern", problem: "MissingClaim" },
    ],
    ["initialize without a claim", post(request("initialize"), "2026-07-28"), { era: "legacy" }],
    ["no claim and no header", post(request("tools/list")), { era: "legacy", version: "2025-03-26" }],
    ["a legacy header", post(request("tools/list"), "2025-06-18"), { era: "legacy", version: "2025-06-18" }],
    ["a claim against a legacy header", post(request("tools/list", { _meta: claim }), "2025-06-18"), { era: "modern" }],
    ["a posted response", post({ jsonrpc: "2.0", id: 1, result: {} }, "2026-07-28"), { era: "legacy" }],
    ["GET", { httpMethod: "GET", headerVersion: "2026-07-28" }, { era: "legacy" }],
  ] as const)("%s", (_name, inbound, expected) => expect(classifyInbound(inbound)).toMatchObject(expected));

  it("batches belong to one revision", () => {
    expect([undefined, "2025-03-26"].map(allowsBatch)).toEqual([true, true]);
    expect(["2024-11-05", "2025-06-18", "2025-11-25", "2026-07-28", ""].some(allowsBatch)).toBe(false);
  });

  it("a server answers with the revision that was asked for, if it is a legacy one", () => {
    expect(["2024-11-05", "2025-11-25", "2026-07-28", "x"].map(negotiateLegacy)).toEqual([
      "2024-11-05",
      "2025-11-25",
      "2025-11-25",
      "2025-11-25",
    ]);
  });
});

describe("header values", () => {
  it("come back as they went in, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const value = encodeHeaderValue(text);
        expect(value).toMatch(/^[ -~]*$/);
        expect(decodeHeaderValue(value)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  it("wraps what could be mistaken or lost: spaces at the ends, controls, and the envelope itself", () => {
    for (const text of ["", " a", "a ", "a\tb", "é", "=?base64?eA==?="])
      expect(encodeHeaderValue(text)).toMatch(/^=\?base64\?.*\?=$/);
    expect(encodeHeaderValue("read file")).toBe("read file");
  });

  it.each(["=?base64?e?=", "=?base64?!!?=", "=?base64?/w==?=", "=?base64?eA=?="])("%s has no text", (value) => {
    expect(decodeHeaderValue(value)).toBeUndefined();
  });
});

describe("agreement of headers and body", () => {
  const message = (method: string, params: object) => {
    const scan = scanMessage(Buffer.from(JSON.stringify(request(method, { ...params, _meta: claim }))));
    if (scan.kind !== "message") throw new Error("the test's own message was refused");
    return scan.message;
  };
  const headers = { protocolVersion: "2026-07-28", mcpMethod: "tools/call", mcpName: "t" };

  it("holds where all three repeat the body, the name also encoded", () => {
    expect(checkModernHeaders(headers, message("tools/call", { name: "t" })).ok).toBe(true);
    expect(
      checkModernHeaders({ ...headers, mcpName: "=?base64?w6k=?=" }, message("tools/call", { name: "é" })).ok,
    ).toBe(true);
    expect(
      checkModernHeaders(
        { ...headers, mcpMethod: "resources/read", mcpName: "file:///x" },
        message("resources/read", { uri: "file:///x" }),
      ).ok,
    ).toBe(true);
    expect(
      checkModernHeaders({ protocolVersion: "2026-07-28", mcpMethod: "tools/list" }, message("tools/list", {})).ok,
    ).toBe(true);
  });

  it.each([
    ["another name", { ...headers, mcpName: "u" }],
    ["a name that differs by case", { ...headers, mcpName: "T" }],
    ["no name", { protocolVersion: headers.protocolVersion, mcpMethod: headers.mcpMethod }],
    ["another method", { ...headers, mcpMethod: "tools/list" }],
    ["no method", { protocolVersion: headers.protocolVersion, mcpName: "t" }],
    ["another revision", { ...headers, protocolVersion: "2025-11-25" }],
    ["no revision", { mcpMethod: "tools/call", mcpName: "t" }],
    ["a name in a broken envelope", { ...headers, mcpName: "=?base64?!?=" }],
  ])("fails with %s", (_name, given) => {
    expect(checkModernHeaders(given, message("tools/call", { name: "t" })).ok).toBe(false);
  });
});
