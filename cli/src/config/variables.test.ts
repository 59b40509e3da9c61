import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resolveVariables } from "./variables.ts";

const variables = { HOME: "/home/me", EMPTY: "", TOKEN: "a${HOME}b" };
const textOf = (text: string): string | undefined => {
  const resolved = resolveVariables(text, variables);
  return resolved.ok ? resolved.text : undefined;
};

describe("resolveVariables", () => {
  it("puts in both spellings, several times, anywhere in the text", () => {
    expect(textOf("${HOME}/a:${env:HOME}/b")).toBe("/home/me/a:/home/me/b");
  });

  it("takes the default where the variable is missing or empty, and an empty default", () => {
    expect(textOf("${MISSING:-8080}")).toBe("8080");
    expect(textOf("${EMPTY:-x:-y}")).toBe("x:-y");
    expect(textOf("[${MISSING:-}]")).toBe("[]");
    expect(textOf("${env:HOME:-/root}")).toBe("/home/me");
  });

  it("keeps an empty variable empty where no default is given", () => {
    expect(textOf("[${EMPTY}]")).toBe("[]");
  });

  it("does not look into what it has put in", () => {
    expect(textOf("${TOKEN}")).toBe("a${HOME}b");
  });

  it("says which variable is missing, once per reference", () => {
    expect(resolveVariables("${A} ${env:B}", {})).toEqual({
      ok: false,
      expected: [
        "the environment variable A to be set, or a default: ${A:-…}",
        "the environment variable B to be set, or a default: ${B:-…}",
      ],
    });
  });

  it("refuses references of other kinds instead of passing them on", () => {
    const resolved = resolveVariables("${input:token}", variables);
    expect(resolved).toMatchObject({ ok: false });
    expect(JSON.stringify(resolved)).toContain("in place of ${input:token}");
  });

  it("leaves every text without a reference as it is", () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes("${")),
        (text) => {
          expect(resolveVariables(text, variables)).toEqual({ ok: true, text });
        },
      ),
    );
  });
});
