import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleType, podInfo } from "@outrigger/api/bundle";
import { sharesFile, sharesType } from "@outrigger/api/shares";
import { generateKeyPair, signCompact, type Jwks, type PrivateJwk } from "@outrigger/runtime/jws";
import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { startInProcess } from "../testing/in-process.ts";
import { callOf, post, serveAnswers } from "../testing/post.ts";
import { createShareSource } from "./share-source.ts";

let key: PrivateJwk;
let keys: Jwks;
beforeAll(async () => {
  const pair = await generateKeyPair();
  key = pair.privateJwk;
  keys = { keys: [pair.publicJwk] };
});

const audience = { namespace: "team", server: "server" };
const share = { limit: "calls", rate: "1/h", burst: 1, untilMs: 5_000 };
const sign = (payload: object, type = sharesType): Promise<string> =>
  signCompact(JSON.stringify({ format: 1, audience, version: 1, shares: [share], ...payload }), key, type);

describe("shares of limits", () => {
  it("hold when they are stale, until newer ones come", async () => {
    let nowMs = 0;
    const source = createShareSource({ keys, ...audience }, () => nowMs);
    expect(await source.apply(await sign({}))).toBe(true);
    nowMs = 10_000;
    expect(source.share("calls")).toMatchObject({ rate: { count: 1, periodMs: 3_600_000 }, burst: 1 });
    expect(source.count()).toEqual({ known: 1, stale: 1 });
    expect(await source.apply(await sign({ version: 2, shares: [{ ...share, untilMs: 20_000 }] }))).toBe(true);
    expect(source.count()).toEqual({ known: 1, stale: 0 });
  });

  it("are not taken from a stranger, for another server, of another type or an older version, and then the last ones hold", async () => {
    const source = createShareSource({ keys, ...audience }, () => 0);
    await source.apply(await sign({ version: 5 }));
    const stranger = (await generateKeyPair()).privateJwk;
    const wide = { shares: [{ ...share, rate: "1000/s" }], version: 6 };
    const bad = [
      await signCompact(JSON.stringify({ format: 1, audience, ...wide }), stranger, sharesType),
      await sign(wide, bundleType),
      await sign({ ...wide, audience: { namespace: "other" } }),
      await sign({ ...wide, audience: { namespace: "team", server: "other" } }),
      await sign({ ...wide, version: 4 }),
      await sign({ ...wide, extra: 1 }),
      await sign({ version: 6, shares: [{ ...share, burst: 0 }] }),
      await sign({ version: 6, shares: [{ ...share, rate: "fast" }] }),
      "hello",
    ];
    for (const text of bad) expect(await source.apply(text)).toBe(false);
    expect(source.share("calls")?.rate.count).toBe(1);
  });

  it("narrow a limit of the policy in a running sidecar, from the files of its pod", async () => {
    const folder = await mkdtemp(join(tmpdir(), "outrigger-shares-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const layers = [{ limits: [{ name: "calls", rate: "1000/s" }] }];
    await writeFile(join(folder, podInfo.bundleFile), await sign({ layers, shares: undefined }, bundleType));
    const server = serveAnswers(() => ({ result: {} }));
    const flags = ["--namespace", "team", "--pod-info", folder, "--trust-keys", JSON.stringify(keys)];
    const { url, metrics } = await startInProcess({ handler: server.handler, policy: null, flags });
    for (let at = 0; at < 5; at++) expect((await post(url, callOf("t"))).message.result).toEqual({});
    await writeFile(join(folder, sharesFile), await sign({}));
    const stale = 'outrigger_sidecar_shares{state="stale"} 1';
    await vi.waitFor(async () => expect(await metrics()).toContain(stale), 15_000);
    expect((await post(url, callOf("t"))).message.result).toEqual({});
    const limited = await post(url, callOf("t"));
    expect(limited.message.result).toMatchObject({
      _meta: { "outrigger.dev/error": { reason: "RateLimited", limit: "calls" } },
    });
    expect(server.arrived).toHaveLength(6);
  });
});
