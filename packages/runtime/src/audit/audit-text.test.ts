import { expect, it } from "vitest";
import { cutText, withoutSecrets } from "./audit-text.ts";

it.each([
  ["file:///a/b", "file:///a/b"],
  ["plain name", "plain name"],
  ["db://user:word@host/x", "db://host/x"],
  ["x:?a=1", "x:?…"],
])("shows %j as %j", (text, shown) => {
  expect(withoutSecrets(text)).toBe(shown);
});

it("cuts what callers made long, and shows that it did", () => {
  expect(cutText("n".repeat(256))).toBe("n".repeat(256));
  expect(cutText("n".repeat(10_000))).toBe(`${"n".repeat(256)}…`);
});
