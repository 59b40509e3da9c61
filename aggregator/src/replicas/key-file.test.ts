import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { followKeyFile, parseKeys } from "./key-file.ts";

const [one, two] = [1, 2].map((fill) => Buffer.alloc(32, fill).toString("base64")) as [string, string];

describe("a file of keys", () => {
  it("holds a key per line, newest first, with remarks", () => {
    const read = parseKeys(`# made by hand\n${one}\n\n  ${two}  \n`);
    expect(read.ok && read.keys.length).toBe(2);
    const swapped = parseKeys(`${two}\n${one}`);
    expect(read.ok && swapped.ok && read.keys[0].id.equals(swapped.keys[1]?.id ?? Buffer.alloc(0))).toBe(true);
  });

  it.each([
    ["", /no key/],
    ["# nothing\n", /no key/],
    [`${one}\nc2hvcnQ=`, /line 2 .* at least 32 bytes/],
    ["not base64 at all!", /line 1/],
    [Array.from({ length: 9 }, () => one).join("\n"), /more than 8/],
  ])("says what is wrong with %j", (text, problem) => {
    const read = parseKeys(text);
    expect(read.ok ? "" : read.problem).toMatch(problem);
  });
});

describe("a followed file", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "outrigger-keys-"));
    path = join(folder, "keys");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("has new keys used when it changes, and keeps those of before while it is broken", async () => {
    writeFileSync(path, one);
    const told = { changes: [] as number[], problems: [] as string[] };
    const followed = await followKeyFile({
      path,
      onChange: (count) => told.changes.push(count),
      onProblem: (problem) => told.problems.push(problem),
      pollMs: 5,
    });
    const [first] = followed.keys();
    writeFileSync(path, "broken");
    await vi.waitFor(() => expect(told.problems).toHaveLength(1));
    expect(followed.keys()[0]).toBe(first);
    writeFileSync(path, `${two}\n${one}`);
    await vi.waitFor(() => expect(told.changes).toEqual([2]));
    expect(followed.keys()[1]?.id).toEqual(first.id);
    await followed.stop();
    expect(told.problems).toHaveLength(1);
  });

  it("has to be there at the start", async () => {
    const following = followKeyFile({ path, onChange: () => undefined, onProblem: () => undefined });
    await expect(following).rejects.toThrow(/keys: it can't be read/);
  });
});
