import { createHash } from "node:crypto";
import { scanMessage } from "@outrigger/mcp";
import { compilePolicy, type CompiledPolicy } from "@outrigger/policy";
import { describe, expect, it } from "vitest";
import type { KeptAnswer, Told } from "../../call/exchange.ts";
import type { Item } from "../../call/message.ts";
import type { CallRecord } from "../../call/record.ts";
import { createAuditLine } from "./audit-line.ts";

const body = Buffer.from(
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{"key":"s3cret"}}}',
);
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const answerText = '{"result":{"content":"s3cret too"}}';
const answer: KeptAnswer = {
  contentType: () => "application/json",
  bytes: () => Buffer.from(answerText),
  isWhole: () => true,
  sha256: () => sha256(answerText),
};

function itemOf(bytes: Buffer): Item {
  const scan = scanMessage(bytes);
  if (scan.kind !== "message") throw new Error("no message");
  return { bytes, message: scan.message };
}

/** An exchange under a policy that says this of audit. */
function exchangeWith(audit: CompiledPolicy["audit"]): Told {
  const compiled = { ...compilePolicy([]), audit };
  return {
    received: { headers: {} },
    watched: { answer },
    policy: { compiled, hash: "h", reason: "PolicyApplied", message: "", sinceMs: 0 } as unknown as Told["policy"],
  };
}

const record: CallRecord = {
  method: "tools/call",
  name: "t",
  isTool: true,
  decision: "allow",
  reason: "Allowed",
  item: itemOf(body),
  caller: "address:10.0.0.1",
  durationMs: 1.23456,
  requestBytes: body.length,
  responseBytes: answerText.length,
  httpStatus: 200,
};
const nothing = { arguments: "Omit", results: "Omit" } as const;
const lineOf = (call: CallRecord, rules: CompiledPolicy["audit"] = nothing): Readonly<Record<string, unknown>> =>
  createAuditLine(exchangeWith(rules), call, { id: "id-1", nowMs: 0 });

describe("an audit line", () => {
  it("says who asked for what and what was decided, and nothing of arguments and results", () => {
    expect(lineOf(record)).toEqual({
      time: "1970-01-01T00:00:00.000Z",
      id: "id-1",
      method: "tools/call",
      tool: "t",
      caller: "address:10.0.0.1",
      decision: "allow",
      reason: "Allowed",
      policy: "h",
      status: 200,
      durationMs: 1.235,
      requestBytes: body.length,
      responseBytes: answerText.length,
    });
  });

  it("carries hashes where policy asks for hashes", () => {
    const line = lineOf(record, { arguments: "Hash", results: "Hash" });
    expect(line).toMatchObject({ argumentsSha256: sha256('{"key":"s3cret"}'), resultSha256: sha256(answerText) });
    expect(JSON.stringify(line)).not.toContain("s3cret");
  });

  it("carries the texts where policy asks for them, cut at a bound and then said to be", () => {
    const line = lineOf(record, { arguments: "Include", results: "Include" });
    expect(line).toMatchObject({ arguments: '{"key":"s3cret"}', result: answerText });
    expect(line).not.toHaveProperty("argumentsCut");
    const long = Buffer.from(body.toString().replace("s3cret", "x".repeat(40_000)));
    const cut = lineOf({ ...record, item: itemOf(long) }, { arguments: "Include", results: "Omit" });
    expect(cut).toMatchObject({ argumentsCut: true });
    expect(JSON.stringify(cut).length).toBeLessThan(20_000);
  });

  it("names a resource without what may be secret in its address, and cuts what callers made long", () => {
    const read = { ...record, method: "resources/read", isTool: false, name: "https://u:p@host/a?token=s3cret#s3cret" };
    expect(lineOf(read)).toMatchObject({ name: "https://host/a?…" });
    expect(String(lineOf({ ...record, name: "n".repeat(10_000) })["tool"]).length).toBe(257);
  });
});
