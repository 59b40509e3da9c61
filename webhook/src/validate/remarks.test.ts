/** Warnings as API servers pass them on. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toWarnings, type Line } from "./remarks.ts";

const line = (text: string): Line => ({ reason: "NoPort", text });

describe("warnings", () => {
  it("are one line each where they are short", () => {
    expect(toWarnings({ headline: "2 problems:", lines: [line("a"), line("b")] })).toEqual([
      "2 problems:",
      "a [NoPort]",
      "b [NoPort]",
    ]);
  });

  it("are broken between words where they are long, and cut where three lines are not enough", () => {
    const words = "word ".repeat(30).trim();
    expect(toWarnings({ lines: [line(words)] })).toEqual([
      "word ".repeat(24).trim(),
      `  ${"word ".repeat(6).trim()} [NoPort]`,
    ]);
    const [first, second, last, ...more] = toWarnings({ lines: [line("x".repeat(900))] });
    expect([first?.length, second?.length, more]).toEqual([120, 120, []]);
    expect(last).toMatch(/^ {2}x+\.\.\. \[NoPort\]$/);
  });

  it("are never more than 22, never longer than 120, and lose no reason that they show", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 500 }), { maxLength: 40 }), (texts) => {
        const warnings = toWarnings({ headline: texts.join(" "), lines: texts.map((text) => line(text)) });
        expect(warnings.length).toBeLessThanOrEqual(22);
        for (const warning of warnings) expect(warning).toMatch(/^[\P{C}]{0,120}$/u);
        const shown = warnings.filter((warning) => warning.endsWith("[NoPort]")).length;
        const more = /^and (\d+) more: see outrigger explain$/.exec(warnings.at(-1) ?? "")?.[1] ?? "0";
        expect(shown + Number(more)).toBe(texts.length);
      }),
    );
  });
});
