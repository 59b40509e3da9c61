import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isVisible, openDocument } from "@outrigger/policy";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { makeFolder } from "../stdio/testing/fixture.ts";
import type { Part } from "./parts.ts";
import { createPolicyHolder, type HolderOptions, type PolicyHolder } from "./policy-in-force.ts";
import type { Texts } from "./settle.ts";
import { createPodFolder } from "./testing/pod-folder.ts";
import { audience, createSigner, type Signer } from "./testing/signer.ts";
import { readTexts, watchFolder } from "./watch.ts";

let signer: Signer;
beforeAll(async () => {
  signer = await createSigner();
});

/** A busy machine may be slow, but this is sooner than the poll: the change itself was seen. */
const inTime = { timeout: 20_000 };

const createHolder = (options: Partial<HolderOptions>): PolicyHolder =>
  createPolicyHolder({ base: undefined, floor: [], wallNow: () => 0, ...options });
const createForBundle = (options: Partial<HolderOptions> = {}): PolicyHolder =>
  createHolder({ base: "bundle", trust: { keys: { keys: [signer.publicJwk] }, ...audience }, ...options });
const apply = (holder: PolicyHolder, texts: Partial<Record<Part, string>>) =>
  holder.apply(new Map(Object.entries(texts) as [Part, string][]));
const shows = (holder: PolicyHolder, name: string): boolean =>
  isVisible(holder.current().compiled, { kind: "tool", name });

async function createForFile(text: string): Promise<PolicyHolder> {
  const holder = createHolder({ base: "file" });
  expect(await apply(holder, { file: text })).toEqual([]);
  return holder;
}

describe("the policy in force from a file", () => {
  it.each(["", "   ", "# only a comment", "null", "tools: [", "[]", "tools: {alow: [x]}"])(
    "is never made from %j",
    async (text) => {
      const first = createHolder({ base: "file" });
      expect(await apply(first, { file: text })).toMatchObject([{ reason: "PolicyInvalid" }]);
      expect(shows(first, "read")).toBe(false);
      const holder = await createForFile("tools: {deny: [write]}");
      const before = holder.current().compiled;
      expect(await apply(holder, { file: text })).toHaveLength(1);
      expect(holder.current()).toMatchObject({ reason: "PolicyInvalid" });
      expect(holder.current().compiled).toBe(before);
    },
  );

  it("is told once per change, and heals with the next good text", async () => {
    const holder = await createForFile("{}");
    const told: string[] = [];
    holder.onChange(({ reason }) => void told.push(reason));
    for (const file of ["tools: {deny: [a]}", "tools: {deny: [a]}", "", "tools: {deny: [a]}"])
      await apply(holder, { file });
    expect(told).toEqual(["PolicyApplied", "PolicyInvalid", "PolicyApplied"]);
  });

  it("has one hash for one policy, however it is written", async () => {
    const [yaml, json] = [await createForFile("tools: {deny: [a]}"), await createForFile('{"tools":{"deny":["a"]}}')];
    expect(yaml.current().hash).toBe(json.current().hash);
  });
});

describe("the policy in force from a bundle", () => {
  it("denies everything until one has come", async () => {
    const holder = createForBundle();
    expect(holder.current()).toMatchObject({ reason: "PolicyMissing", compiled: { denied: "PolicyMissing" } });
    expect(await apply(holder, { bundle: "" })).toEqual([]);
    expect(holder.current().reason).toBe("PolicyMissing");
    expect(await apply(holder, { bundle: await signer.sign({}) })).toEqual([]);
    expect(holder.current().reason).toBe("PolicyApplied");
    expect(shows(holder, "read")).toBe(true);
  });

  it("denies everything after a bundle that is refused, and tells why", async () => {
    const holder = createForBundle();
    await apply(holder, { bundle: "no bundle" });
    expect(holder.current()).toMatchObject({ reason: "BundleMalformed", compiled: { denied: "PolicyMissing" } });
    expect(holder.current().message).toContain("everything is denied");
  });

  it("keeps the last good one when another is refused or it is taken away, and counts each refusal once", async () => {
    const holder = createForBundle();
    await apply(holder, { bundle: await signer.sign({ version: 5, layers: [{ tools: { deny: ["write"] } }] }) });
    const { compiled } = holder.current();
    const older = await signer.sign({ version: 4 });
    const foreign = await signer.sign({ version: 6, audience: { namespace: "other" } });
    for (const bundle of [older, older, foreign, "", "x"]) await apply(holder, { bundle });
    expect(holder.current().compiled).toBe(compiled);
    expect(Object.fromEntries(holder.refusals())).toEqual({
      PolicyInvalid: 0,
      BundleMalformed: 2,
      BundleSignatureInvalid: 0,
      BundleAudienceWrong: 1,
      BundleOutdated: 1,
    });
  });

  it("joins all layers, and none of them widens another", async () => {
    const holder = createForBundle({ floor: [{ ...openDocument, tools: { deny: ["by_namespace"] } }] });
    const layers = [{ tools: { deny: ["by_platform"] } }, { tools: { allow: ["by_*", "read"] } }];
    await apply(holder, { bundle: await signer.sign({ layers }), denyTools: "by_owner", allowTools: "*" });
    const names = ["by_namespace", "by_platform", "by_owner", "write", "read"];
    expect(names.filter((name) => shows(holder, name))).toEqual(["read"]);
  });

  it("keeps the time at which it came into force while it says the same", async () => {
    let nowMs = 10;
    const holder = createForBundle({ wallNow: () => nowMs });
    await apply(holder, { bundle: await signer.sign({ version: 1 }) });
    nowMs = 20;
    await apply(holder, { bundle: await signer.sign({ version: 2 }) });
    expect(holder.current()).toMatchObject({ sinceMs: 10, message: expect.stringContaining("version 2") as string });
    await apply(holder, { denyTools: "a" });
    expect(holder.current().sinceMs).toBe(20);
  });

  it("puts texts in force in the order in which they came, whatever each takes to verify", async () => {
    const holder = createForBundle();
    const bundle = await signer.sign({ layers: [{ tools: { deny: ["first"] } }] });
    await Promise.all([apply(holder, { bundle, denyTools: "a" }), apply(holder, { denyTools: "b" })]);
    expect(["first", "a", "b"].filter((name) => shows(holder, name))).toEqual(["a"]);
  });
});

describe("a pod's annotations in the policy in force", () => {
  it("narrow and are taken back", async () => {
    const holder = createHolder({});
    for (const [denyTools, shown] of [
      ["", true],
      ["wri*", false],
      ["", true],
    ] as const) {
      await apply(holder, { denyTools });
      expect(shows(holder, "write")).toBe(shown);
    }
  });

  it("keep the last good value each for itself", async () => {
    const holder = createHolder({});
    await apply(holder, { denyTools: "write", rateLimit: "5/s" });
    const refused = await apply(holder, { denyTools: "two words", rateLimit: "1/s" });
    expect(refused).toMatchObject([{ reason: "PolicyInvalid", problems: [expect.stringMatching(/^deny-tools: /)] }]);
    expect(shows(holder, "write")).toBe(false);
    expect(holder.current().compiled.limits).toMatchObject([{ rate: { count: 1 } }]);
    expect(holder.current().reason).toBe("PolicyInvalid");
    await apply(holder, { denyTools: "" });
    expect(holder.current().reason).toBe("PolicyApplied");
  });

  it("deny everything where one can't be read and was never good: what it was to deny is not known", async () => {
    const holder = createHolder({});
    await apply(holder, { denyTools: "two words" });
    expect(holder.current().compiled.denied).toBe("PolicyInvalid");
    await apply(holder, { denyTools: "write" });
    expect(holder.current().compiled.denied).toBeUndefined();
  });
});

describe("the watch of a folder", () => {
  async function watchNew(first: string): Promise<{ path: string; texts: (string | undefined)[] }> {
    const folder = makeFolder();
    const path = join(folder, "policy.yaml");
    await writeFile(path, first);
    const texts: (string | undefined)[] = [];
    const watched = { folder, files: ["policy.yaml"] };
    const watch = watchFolder(watched, new Map([["policy.yaml", first]]), (all) => {
      texts.push(all.get("policy.yaml"));
      return Promise.resolve();
    });
    onTestFinished(watch.close);
    return { path, texts };
  }

  it("tells a file that was replaced", async () => {
    const { path, texts } = await watchNew("a");
    await writeFile(`${path}.next`, "b");
    await rename(`${path}.next`, path);
    await expect.poll(() => texts, inTime).toEqual(["b"]);
  });

  it("tells a file that is written in place when it has stopped to change, not at every write", async () => {
    const { path, texts } = await watchNew("a");
    for (let length = 0; length <= 40; length++) await writeFile(path, "x".repeat(length));
    await expect.poll(() => texts.at(-1), inTime).toBe("x".repeat(40));
    expect(texts.length).toBeLessThan(10);
  });

  it("tells what changed between the first reading and its start", async () => {
    const folder = makeFolder();
    await writeFile(join(folder, "f"), "now");
    const told: Texts[] = [];
    const watch = watchFolder({ folder, files: ["f"] }, new Map([["f", "before"]]), (texts) => {
      told.push(texts);
      return Promise.resolve();
    });
    onTestFinished(watch.close);
    await expect.poll(() => told.map((texts) => texts.get("f")), inTime).toEqual(["now"]);
  });

  it("tells all files of a volume that the kubelet swaps", async () => {
    const pod = await createPodFolder({ "allow-tools": "a", "deny-tools": "a" });
    const watched = { folder: pod.path, files: ["allow-tools", "deny-tools"] };
    const told: (readonly string[])[] = [];
    const watch = watchFolder(watched, (await readTexts(watched)).texts, (texts) => {
      told.push([...texts.values()]);
      return Promise.resolve();
    });
    onTestFinished(watch.close);
    await pod.write({ "allow-tools": "b", "deny-tools": "b" });
    await expect.poll(() => told, inTime).toEqual([["b", "b"]]);
  });

  it("reads a volume as it stood at one time, while the kubelet swaps it", async () => {
    const pod = await createPodFolder({ "allow-tools": "0", "deny-tools": "0" });
    const watched = { folder: pod.path, files: ["allow-tools", "deny-tools"] };
    let isSwapping = true;
    const swap = async (): Promise<void> => {
      for (let round = 1; round <= 150; round++)
        await pod.write({ "allow-tools": String(round), "deny-tools": String(round) });
      isSwapping = false;
    };
    const read = async (): Promise<void> => {
      while (isSwapping) {
        const { texts } = await readTexts(watched);
        expect(texts.size).toBe(2);
        expect(texts.get("allow-tools")).toBe(texts.get("deny-tools"));
      }
    };
    await Promise.all([swap(), read(), read()]);
  });

  it("says nothing of files that are not there, and why", async () => {
    const read = await readTexts({ folder: makeFolder(), files: ["policy"] });
    expect(read.texts.size).toBe(0);
    expect(read.unreadable).toEqual([expect.stringContaining("ENOENT")]);
  });
});
