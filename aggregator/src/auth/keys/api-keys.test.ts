import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { findHolder } from "./api-keys.ts";

const key = `ork_${"k".repeat(43)}`;
const hash = createHash("sha256").update(key).digest("hex");

it("F-150 knows the holder of an API key by its hash, and nobody by anything else", () => {
  const keys = [
    { name: "other", hash: "0".repeat(64), groups: [] },
    { name: "ci", hash, groups: ["builders"] },
  ];
  expect(findHolder(keys, key)).toEqual({ kind: "User", name: "key:ci", groups: ["builders"], claims: {} });
  for (const text of [`ork_${"x".repeat(43)}`, hash, `sha256:${hash}`, "", "0".repeat(64)])
    expect(findHolder(keys, text), text).toBeUndefined();
  expect(findHolder([], key)).toBeUndefined();
});
