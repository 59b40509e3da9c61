import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildError, buildResult, buildToolError } from "./build.ts";

const parse = (bytes: Buffer): unknown => JSON.parse(bytes.toString("utf8")) as unknown;

describe("answers of our own", () => {
  it("echo the id as it was spelled, whatever it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.maxSafeInteger()), fc.string(), (id, message) => {
        const idBytes = Buffer.from(JSON.stringify(id));
        expect(parse(buildError({ idBytes, code: 10_429, message }))).toEqual({
          jsonrpc: "2.0",
          id,
          error: { code: 10_429, message },
        });
        expect(parse(buildResult({ idBytes, result: { message } }))).toEqual({
          jsonrpc: "2.0",
          id,
          result: { message },
        });
      }),
    );
  });

  it("have the id null where none could be read", () => {
    expect(parse(buildError({ code: -32_700, message: "no", data: { at: 3 } }))).toEqual({
      jsonrpc: "2.0",
      id: null,
      error: { code: -32_700, message: "no", data: { at: 3 } },
    });
  });

  it("tell a model of an error in the form of its era", () => {
    const idBytes = Buffer.from("7");
    expect(parse(buildToolError({ idBytes, text: "wait", era: "legacy" }))).toEqual({
      jsonrpc: "2.0",
      id: 7,
      result: { content: [{ type: "text", text: "wait" }], isError: true },
    });
    expect(parse(buildToolError({ idBytes, text: "wait", era: "modern", meta: { k: 1 } }))).toMatchObject({
      result: { isError: true, resultType: "complete", _meta: { k: 1 } },
    });
  });
});
