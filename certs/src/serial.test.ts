/** Serial numbers, over all random bytes. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toSerial } from "./serial.ts";

const random = fc.uint8Array({ minLength: 16, maxLength: 16 });

describe("serial numbers", () => {
  it("are 16 bytes that begin with 0x01 to 0x7f, whatever the random bytes are", () => {
    fc.assert(
      fc.property(random, (bytes) => {
        const serial = toSerial(bytes);
        const first = Number.parseInt(serial.slice(0, 2), 16);
        expect(serial).toMatch(/^[0-9a-f]{32}$/);
        expect(first).toBeGreaterThanOrEqual(0x01);
        expect(first).toBeLessThanOrEqual(0x7f);
      }),
    );
  });

  it("keep all bytes but the first, so that they stay as random as they came", () => {
    fc.assert(
      fc.property(random, (bytes) => {
        expect(toSerial(bytes).slice(2)).toBe(Buffer.from(bytes.subarray(1)).toString("hex"));
      }),
    );
  });

  it("meet every first byte that is allowed", () => {
    const firsts = new Set(
      Array.from({ length: 256 }, (_, byte) => toSerial(new Uint8Array(16).fill(byte)).slice(0, 2)),
    );
    expect(firsts.size).toBe(0x7f);
  });

  it("leave the caller's bytes alone", () => {
    const bytes = new Uint8Array(16);
    toSerial(bytes);
    expect(bytes[0]).toBe(0);
  });

  it("refuse another number of bytes", () => {
    expect(() => toSerial(new Uint8Array(15))).toThrow("takes 16 bytes");
  });
});
