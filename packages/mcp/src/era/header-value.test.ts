import { describe, expect, it } from "vitest";
import { decodeHeaderValue, encodeHeaderValue } from "./header-value.ts";

describe("a header value", () => {
  it("that looks like the envelope comes back as it was, not as what it seems to hold", () => {
    for (const text of ["=?base64?eA==?=", "=?base64??=", "=?base64?no?="]) {
      expect(encodeHeaderValue(text)).not.toBe(text);
      expect(decodeHeaderValue(encodeHeaderValue(text))).toBe(text);
    }
  });
});
