import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createPolicyHolder, type PolicyHolder } from "./policy-in-force.ts";
import { watchFile } from "./watch-file.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function createHolder(text: string): PolicyHolder {
  const created = createPolicyHolder(text, []);
  if (!created.ok) throw new Error(created.problems.join("; "));
  return created.holder;
}

describe("the policy in force", () => {
  it.each(["", "   ", "# only a comment", "null", "tools: [", "[]", "tools: {alow: [x]}"])(
    "is never made from %j",
    (text) => {
      expect(createPolicyHolder(text, []).ok).toBe(false);
      const holder = createHolder("tools: {deny: [write]}");
      const before = holder.current().compiled;
      expect(holder.replace(text)).not.toEqual([]);
      expect(holder.current()).toMatchObject({ reason: "PolicyInvalid" });
      expect(holder.current().compiled).toBe(before);
    },
  );

  it("is told once per change, and heals with the next good text", () => {
    const holder = createHolder("{}");
    const told: string[] = [];
    holder.onChange(({ reason }) => void told.push(reason));
    holder.replace("tools: {deny: [a]}");
    holder.replace("tools: {deny: [a]}");
    holder.replace("");
    holder.replace("tools: {deny: [a]}");
    expect(told).toEqual(["PolicyApplied", "PolicyInvalid", "PolicyApplied"]);
  });

  it("has one hash for one policy, however it is written", () => {
    expect(createHolder("tools: {deny: [a]}").current().hash).toBe(
      createHolder('{"tools":{"deny":["a"]}}').current().hash,
    );
  });
});

describe("the watch of a file", () => {
  async function watchNew(first: string): Promise<{ path: string; texts: string[] }> {
    const folder = await mkdtemp(join(tmpdir(), "outrigger-watch-"));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, "policy.yaml");
    await writeFile(path, first);
    const texts: string[] = [];
    const watch = watchFile(path, first, (text) => void texts.push(text));
    closers.push(watch.close);
    return { path, texts };
  }

  it("tells a file that was replaced", async () => {
    const { path, texts } = await watchNew("a");
    await writeFile(`${path}.next`, "b");
    await rename(`${path}.next`, path);
    await expect.poll(() => texts).toEqual(["b"]);
  });

  it("tells a file that is written in place when it has stopped to change, not at every write", async () => {
    const { path, texts } = await watchNew("a");
    for (let length = 0; length <= 40; length++) await writeFile(path, "x".repeat(length));
    await expect.poll(() => texts.at(-1)).toBe("x".repeat(40));
    expect(texts.length).toBeLessThan(10);
  });
});
