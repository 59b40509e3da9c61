import { createHash } from "node:crypto";
import { readApiKeys } from "@outrigger/api/api-key";
import { expect, it } from "vitest";
import { runProgram } from "../program.ts";
import { recordIo, type RecordedIo } from "../recorded-io.ts";

async function run(...args: readonly string[]): Promise<RecordedIo> {
  const recorded = recordIo({});
  await runProgram(recorded.io, ["api-key", ...args]);
  return recorded;
}

const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex");

it("F-150 makes a key and the line that lets its holder in, and each key once", async () => {
  const made = await Promise.all([run("ci", "--groups", "builders, readers", "-o", "json"), run("ci", "-o", "json")]);
  const [one, other] = made.map((each) => JSON.parse(each.out()) as { key: string; line: string });
  expect(one?.key).toMatch(/^ork_[A-Za-z0-9_-]{43}$/);
  expect(one?.key).not.toBe(other?.key);
  expect(readApiKeys(one?.line ?? "")).toEqual({
    ok: true,
    keys: [{ name: "ci", hash: hashOf(one?.key ?? ""), groups: ["builders", "readers"] }],
  });
});

it("shows a person which of both is the secret", async () => {
  const text = (await run("ci")).out();
  const [, key = ""] = /^ {2}(ork_\S+)$/m.exec(text) ?? [];
  expect(text).toBe(
    `Key for ci, shown this once:\n  ${key}\n\nLine for the file of keys, which holds no secret:\n  ci sha256:${hashOf(key)}\n`,
  );
});

it("refuses names that the file could not hold", async () => {
  for (const args of [["key:ci"], ["ci", "--groups", "a b"], [""]]) {
    const refused = await run(...args);
    expect([refused.exitCode(), refused.out()], args.join(" ")).toEqual([2, ""]);
    expect(refused.err()).toContain("Expected a name of letters, digits and ._@-");
  }
});
