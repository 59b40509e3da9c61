import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { toMetricLabel } from "@outrigger/api/reasons";
import { readSettings } from "@outrigger/runtime/config";
import { describe, expect, it } from "vitest";
import { readOptions } from "../options.ts";
import { settingTable } from "../settings.ts";
import { makeFolder, until } from "../stdio/testing/fixture.ts";
import { startLiveSidecar, type LiveSidecar } from "./testing/live-sidecar.ts";
import { createPodFolder, type PodFolder } from "./testing/pod-folder.ts";
import { audience, createSigner, type Signer } from "./testing/signer.ts";

interface Setup {
  readonly pod: PodFolder;
  readonly signer: Signer;
  readonly sidecar: LiveSidecar;
}

const envOf = (pod: PodFolder, ...signers: readonly Signer[]): Record<string, string> => ({
  OUTRIGGER_POD_INFO: pod.path,
  OUTRIGGER_SERVER: audience.server,
  OUTRIGGER_NAMESPACE: audience.namespace,
  OUTRIGGER_TRUST_KEYS: JSON.stringify({ keys: signers.map(({ publicJwk }) => publicJwk) }),
});

/** A sidecar whose pod has these annotations, as the kubelet shows them; a bundle comes first unless a test leaves it out. */
async function start(
  files: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Setup> {
  const signer = await createSigner();
  const pod = await createPodFolder({ policy: await signer.sign({}), ...files });
  const sidecar = await startLiveSidecar({ ...envOf(pod, signer), ...env });
  return { pod, signer, sidecar };
}

const read = { name: "read_file", arguments: {} };
const write = { name: "write_file", arguments: {} };
const allowed = { status: 200, body: { result: { content: [{ text: "done" }] } } };
const unknownTool = { status: 200, body: { error: { code: -32_602 } } };
const noPolicy = { status: 503, body: { error: { code: 10_503, data: { outrigger: { reason: "PolicyMissing" } } } } };

const reasonOf = async (sidecar: LiveSidecar): Promise<string> => (await sidecar.feed()).policy.reason;
const policyIs = (sidecar: LiveSidecar, reason: string): Promise<void> =>
  until(`the feed tells ${reason}`, async () => (await reasonOf(sidecar)) === reason);
const listedTools = async (sidecar: LiveSidecar): Promise<string[]> => {
  const { body } = (await sidecar.send("tools/list")) as { body: { result: { tools: { name: string }[] } } };
  return body.result.tools.map(({ name }) => name);
};

describe("a pod without a bundle", () => {
  it("denies everything until one comes, which is then in force without a restart", async () => {
    const { pod, signer, sidecar } = await start({ policy: "" });
    for (const [method, params] of [
      ["initialize", {}],
      ["tools/list", {}],
      ["tools/call", read],
      ["resources/read", { uri: "file:///x" }],
      ["some/method", {}],
    ] as const)
      expect(await sidecar.send(method, params)).toMatchObject({ ...noPolicy, body: { ...noPolicy.body, id: 1 } });
    expect(await reasonOf(sidecar)).toBe("PolicyMissing");
    expect(await sidecar.toolsOfFeed()).toEqual([]);
    expect(sidecar.arrived).toEqual([]);
    await pod.write({ policy: await signer.sign({}) });
    const startedMs = performance.now();
    await policyIs(sidecar, "PolicyApplied");
    // A busy machine may be slow, but this is sooner than the poll: the swap itself was seen.
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(await sidecar.send("tools/call", read)).toMatchObject(allowed);
    expect(await sidecar.toolsOfFeed()).toEqual(["read_file", "write_file"]);
  });

  it("refuses streams, notifications and batches too", async () => {
    const { sidecar } = await start({ policy: "" });
    const call = { jsonrpc: "2.0", id: 7, method: "tools/call", params: read };
    const note = { jsonrpc: "2.0", method: "notifications/initialized" };
    const post = (body: unknown) => sidecar.request({ method: "POST", body: JSON.stringify(body) });
    for (const response of [
      await sidecar.request({ method: "GET" }),
      await sidecar.request({ method: "DELETE" }),
      await post(note),
    ])
      expect({ status: response.status, body: await response.json() }).toMatchObject(noPolicy);
    const protocol = { headers: { "mcp-protocol-version": "2025-03-26" } };
    const batch = await sidecar.request({ method: "POST", body: JSON.stringify([call, note]), ...protocol });
    expect({ status: batch.status, body: await batch.json() }).toMatchObject({
      status: 503,
      body: [{ id: 7, error: { code: 10_503 } }],
    });
    const silent = await sidecar.request({ method: "POST", body: JSON.stringify([note]), ...protocol });
    expect({ status: silent.status, body: await silent.json() }).toMatchObject(noPolicy);
    expect(sidecar.arrived).toEqual([]);
    expect((await sidecar.admin("/metrics")).text).toContain(
      'outrigger_sidecar_refused_total{reason="policy_missing"} 6',
    );
  });

  it("says so where it can be read, and stays ready", async () => {
    const { sidecar } = await start({ policy: "" });
    const ready = await sidecar.admin("/readyz?verbose");
    expect(ready.status).toBe(200);
    const { checks } = JSON.parse(ready.text) as { checks: { name: string; ok: boolean; message: string }[] };
    const detail = checks.find(({ name }) => name === "policy");
    expect(detail).toMatchObject({ ok: false, message: expect.stringContaining("PolicyMissing: no policy") as string });
    expect((await sidecar.admin("/readyz")).text).not.toContain("PolicyMissing");
    const { text } = await sidecar.admin("/metrics");
    expect(text).toContain("outrigger_sidecar_policy_applied 0");
    expect(text).not.toMatch(/^outrigger_sidecar_policy_age_seconds /m);
    expect(sidecar.logged.filter(({ msg }) => msg === "no policy, everything is denied")).toMatchObject([
      { level: "error", reason: "PolicyMissing" },
    ]);
  });
});

describe("a bundle that is refused", () => {
  it.each([
    ["for another server", "BundleAudienceWrong", { audience: { namespace: "tools", server: "files" } }],
    ["older than the one in force", "BundleOutdated", { version: 1 }],
    ["with a layer that can't be read", "BundleMalformed", { layers: [{ tols: {} }] }],
    ["too large", "BundleMalformed", { layers: [{}], padding: "x".repeat(70_000) }],
  ] as const)("%s leaves the last good one in force and is told everywhere, once", async (_name, reason, payload) => {
    const { pod, signer, sidecar } = await start();
    await pod.write({ policy: await signer.sign({ version: 2_000, layers: [{ tools: { deny: ["write_file"] } }] }) });
    await until("write_file is hidden", async () => (await listedTools(sidecar)).join() === "read_file");
    await pod.write({ policy: await signer.sign({ version: 3_000, ...payload }) });
    await policyIs(sidecar, reason);
    expect(await sidecar.send("tools/call", write)).toMatchObject(unknownTool);
    expect(await sidecar.send("tools/call", read)).toMatchObject(allowed);
    const { text } = await sidecar.admin("/metrics");
    expect(text).toContain(`outrigger_sidecar_policy_refused_total{reason="${toMetricLabel(reason)}"} 1`);
    expect(text).toContain('outrigger_sidecar_policy_refused_total{reason="bundle_signature_invalid"} 0');
    expect(text).toContain("outrigger_sidecar_policy_applied 0");
    expect(text).toMatch(/^outrigger_sidecar_policy_age_seconds [0-9.e-]+$/m);
    const lines = sidecar.logged.filter(({ msg }) => msg === "policy refused, the last good one stays");
    expect(lines).toMatchObject([{ reason }]);
    const ready = await sidecar.admin("/readyz?verbose");
    expect(ready.status).toBe(200);
    expect(ready.text).toContain(reason);
  });

  it("by its key is not in force, nor is anything else where none was before", async () => {
    const stranger = await createSigner();
    const { pod, signer, sidecar } = await start({ policy: await stranger.sign({}) });
    expect(await sidecar.send("tools/call", read)).toMatchObject(noPolicy);
    expect(await reasonOf(sidecar)).toBe("BundleSignatureInvalid");
    await pod.write({ policy: await signer.sign({}) });
    await policyIs(sidecar, "PolicyApplied");
    expect(await sidecar.send("tools/call", read)).toMatchObject(allowed);
  });
});

it("a new key's bundle follows the old one's where both are pinned", async () => {
  const [before, after] = [await createSigner(), await createSigner()];
  const pod = await createPodFolder({ policy: await before.sign({}) });
  const sidecar = await startLiveSidecar(envOf(pod, after, before));
  expect(await sidecar.send("tools/call", write)).toMatchObject(allowed);
  await pod.write({ policy: await after.sign({ version: 2_000, layers: [{ tools: { allow: ["read_file"] } }] }) });
  await until("the new bundle is in force", async () => (await listedTools(sidecar)).join() === "read_file");
  expect(await sidecar.send("tools/call", write)).toMatchObject(unknownTool);
});

describe("a pod's annotations", () => {
  it("narrow while it runs and are taken back, and never widen the floor or the bundle", async () => {
    const { pod, sidecar } = await start({}, { OUTRIGGER_QUICK_POLICY: '{"denyTools":["*_secret"]}' });
    await pod.write({ "deny-tools": "write_*" });
    await until("write_file is hidden", async () => (await listedTools(sidecar)).join() === "read_file");
    expect(await sidecar.send("tools/call", write)).toMatchObject(unknownTool);
    expect(await sidecar.toolsOfFeed()).toEqual(["read_file"]);
    await pod.write({ "deny-tools": "", "allow-tools": "*" });
    await until("write_file is shown", async () => (await listedTools(sidecar)).length === 2);
    expect(await sidecar.send("tools/call", write)).toMatchObject(allowed);
    expect(await sidecar.send("tools/call", { name: "read_secret" })).toMatchObject(unknownTool);
  });

  it("limit while it runs; a limit that is taken back holds nobody up", async () => {
    const { pod, sidecar } = await start();
    const rateLimits = async (): Promise<number> => (await sidecar.feed()).policy.enforces.limits.length;
    await pod.write({ "rate-limit": "1/h" });
    await until("the limit is told", async () => (await rateLimits()) === 1);
    expect(await sidecar.send("tools/call", read)).toMatchObject(allowed);
    expect(await sidecar.send("tools/call", read)).toMatchObject({ body: { result: { isError: true } } });
    await pod.write({ "rate-limit": "100/s" });
    await until("the call passes", async () =>
      JSON.stringify((await sidecar.send("tools/call", read)).body).includes("done"),
    );
    await pod.write({ "rate-limit": "" });
    await until("there is no limit", async () => (await rateLimits()) === 0);
  });

  it("keep the last good value where the next can't be read, and say so", async () => {
    const { pod, sidecar } = await start({ "deny-tools": "write_*" });
    await pod.write({ "deny-tools": "write *" });
    await policyIs(sidecar, "PolicyInvalid");
    expect(await sidecar.send("tools/call", write)).toMatchObject(unknownTool);
    expect(await sidecar.send("tools/call", read)).toMatchObject(allowed);
    expect((await sidecar.feed()).policy.message).toContain("deny-tools: expected");
    await pod.write({ "deny-tools": "" });
    await policyIs(sidecar, "PolicyApplied");
    expect(await sidecar.send("tools/call", write)).toMatchObject(allowed);
  });
});

describe("settings of policy", () => {
  const problemsOf = async (env: Readonly<Record<string, string>>): Promise<readonly string[]> => {
    const settings = readSettings(settingTable, { argv: ["--upstream", "http://127.0.0.1:1/mcp"], env });
    const options = settings.ok ? await readOptions(settings.settings, env) : settings;
    return options.ok ? [] : options.problems;
  };

  it("that do not fit together are all named at once, and no key is repeated", async () => {
    const privateKey = { kty: "OKP", crv: "Ed25519", x: "A".repeat(43), d: "not-for-logs", kid: "k" };
    const problems = await problemsOf({
      OUTRIGGER_TRUST_KEYS: JSON.stringify({ keys: [privateKey] }),
      OUTRIGGER_POLICY_FILE: "policy.yaml",
    });
    expect(problems).toHaveLength(4);
    expect(problems.join()).not.toContain("not-for-logs");
  });

  it("name a file or folder that can't be read", async () => {
    const empty = makeFolder();
    expect(await problemsOf({ OUTRIGGER_POD_INFO: empty })).toEqual([expect.stringContaining(`can't read ${empty}`)]);
    const file = join(empty, "policy.yaml");
    expect(await problemsOf({ OUTRIGGER_POLICY_FILE: file })).toEqual([expect.stringContaining(`can't read ${file}`)]);
    await writeFile(file, "tools: {alow: [a]}");
    expect(await problemsOf({ OUTRIGGER_POLICY_FILE: file })).toEqual([expect.stringContaining("tools.alow")]);
  });
});
