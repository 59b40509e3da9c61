/** The webhook over a cluster: what it watches, what it waits for, and what it still answers when the API server is away. */
import { Agent } from "node:https";
import { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createAuthority, readAuthoritySecret, startWith, writeAuthority } from "@outrigger/certs";
import { resources } from "@outrigger/kube";
import { generateKeyPair } from "@outrigger/runtime/jws";
import { entries } from "@outrigger/webhook/inject";
import { startFakeKube, type FakeKube } from "../fixtures/fake-kube/server.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import {
  getAdmin,
  plainPod,
  post,
  reviewOf,
  startWebhook,
  type Answer,
  type WebhookProcess,
} from "./webhook-process.ts";

const own = "outrigger-system";
const secretName = "outrigger-webhook-ca";
const configurationName = "outrigger";
const patience = { timeout: 20_000, interval: 50 };

let kube: FakeKube;
beforeEach(async () => {
  kube = await startFakeKube();
  addNamespace("tools");
});
afterEach(() => kube.close());

const addNamespace = (name: string, annotations: Record<string, string> = {}): void =>
  void kube.store.of(resources.namespaces).set({ metadata: { name, annotations } });

async function addTrustKeys(): Promise<string> {
  const { publicJwk } = await generateKeyPair();
  const jwks = JSON.stringify({ keys: [publicJwk] });
  kube.store
    .of(resources.configMaps)
    .set({ metadata: { name: "outrigger-trust", namespace: own }, data: { "jwks.json": jwks } });
  return jwks;
}

const addBundle = (namespace: string, policy: string): void =>
  void kube.store.of(resources.configMaps).set({
    metadata: {
      name: `outrigger-bundle-${namespace}`,
      namespace: own,
      labels: { "outrigger.dev/bundle": "namespace" },
    },
    data: { namespace, policy },
  });

/** The webhook configuration, trusting these authorities in every entry, or in the first ones alone. */
function setCaBundle(pems: readonly string[], count = entries.length): void {
  const caBundle = Buffer.from(pems.join("")).toString("base64");
  const webhooks = entries.map(({ name }, index) => ({ name, clientConfig: index < count ? { caBundle } : {} }));
  kube.store.of(resources.mutatingWebhookConfigurations).set({ metadata: { name: configurationName }, webhooks });
}

/** The authority that the Secret says, once there is one. */
async function authorityPem(): Promise<string> {
  return vi.waitFor(() => {
    const secret = kube.store.of(resources.secrets).get(own, secretName);
    const read = readAuthoritySecret(secret ?? {}, Date.now());
    if (!read.ok) throw new Error(read.problem);
    return read.state.signing.certificatePem;
  }, patience);
}

async function start(args: readonly string[] = [], until?: string): Promise<WebhookProcess> {
  const all = ["--kube", kube.url, "--certificates", "cluster", "--namespace", own, ...args];
  const webhook = await startWebhook(makeTestFolder("webhook"), all, until === undefined ? {} : { until });
  onTestFinished(() => webhook.stop());
  return webhook;
}

/** A webhook of a complete installation, ready. */
async function startReady(args: readonly string[] = []): Promise<WebhookProcess> {
  await addTrustKeys();
  const webhook = await start(args);
  setCaBundle([await authorityPem()]);
  await untilReady(webhook);
  return webhook;
}

const untilReady = (webhook: WebhookProcess): Promise<unknown> =>
  vi.waitFor(async () => expect(await readReadiness(webhook)).toEqual([]), patience);

/** What readiness waits for. */
async function readReadiness(webhook: WebhookProcess): Promise<string[]> {
  const { body } = await getAdmin(webhook, "/readyz");
  const { checks } = JSON.parse(body) as { checks: { name: string; ok: boolean; message: string }[] };
  return checks.filter(({ ok }) => !ok).map(({ name }) => name);
}

/** The certificate that a new connection gets. */
async function servedBy({ tlsPort }: WebhookProcess): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: "127.0.0.1", port: tlsPort, servername: "localhost", rejectUnauthorized: false },
      () => {
        const certificate = socket.getPeerX509Certificate();
        if (certificate === undefined) reject(new Error("no certificate was shown"));
        else resolve(certificate);
        socket.end();
      },
    );
    socket.on("error", reject);
  });
}

const isSignedBy = (certificate: X509Certificate, pem: string): boolean =>
  certificate.verify(new X509Certificate(pem).publicKey);

interface Response {
  readonly allowed: boolean;
  readonly patch?: string;
  readonly status?: { readonly code: number; readonly reason: string };
  readonly warnings?: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

const read = ({ body }: Answer): Response => (JSON.parse(body) as { response: Response }).response;

async function review(webhook: WebhookProcess, namespace = "tools", pod: unknown = plainPod): Promise<Response> {
  const ca = await authorityPem();
  return read(await post(webhook, "/mutate/pod", reviewOf(pod, { namespace }), { ca }));
}

const patchText = ({ patch }: Response): string => Buffer.from(patch ?? "", "base64").toString("utf8");

describe("certificates from the cluster", () => {
  it("are signed by one authority when two replicas start at once, and make them ready once every entry trusts it", async () => {
    await addTrustKeys();
    const replicas = await Promise.all([start(), start()]);
    const pem = await authorityPem();
    for (const replica of replicas) {
      expect(isSignedBy(await servedBy(replica), pem)).toBe(true);
      expect(await readReadiness(replica)).toEqual(["caBundle"]);
    }
    expect(kube.seen.filter(({ kind, path }) => kind === "patch" && path.includes("/secrets"))).toEqual([]);
    setCaBundle([pem], 2);
    for (const replica of replicas) {
      const detail = async (): Promise<string> => (await getAdmin(replica, "/readyz")).body;
      await vi.waitFor(
        async () => expect(await detail()).toContain("enforced.inject.outrigger.dev of webhook"),
        patience,
      );
    }
    setCaBundle([pem]);
    for (const replica of replicas) {
      await untilReady(replica);
      expect(await review(replica)).toMatchObject({ allowed: true, auditAnnotations: { reason: "Injected" } });
      expect((await getAdmin(replica, "/metrics")).body).toContain("outrigger_webhook_ca_bundle_trusted 1");
    }
  });

  it("follow the authority without a dropped connection, and only when the API server trusts the next one", async () => {
    const webhook = await startReady();
    const old = await authorityPem();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const onOneConnection = async (): Promise<number> =>
      (await post(webhook, "/mutate/pod", reviewOf(plainPod), { ca: old, agent })).status;
    expect(await onOneConnection()).toBe(200);
    const next = await createAuthority({
      commonName: "Outrigger webhook CA",
      nowMs: Date.now(),
      lifetimeMs: 3_600_000,
    });
    const { data, metadata } = writeAuthority({ ...startWith(next, Date.now()), trusted: [next.certificatePem, old] });
    kube.store.of(resources.secrets).set({ metadata: { name: secretName, namespace: own, ...metadata }, data });
    expect(isSignedBy(await servedBy(webhook), old)).toBe(true);
    setCaBundle([next.certificatePem, old]);
    await vi.waitFor(async () => expect(isSignedBy(await servedBy(webhook), next.certificatePem)).toBe(true), patience);
    expect(await onOneConnection()).toBe(200);
    expect(await readReadiness(webhook)).toEqual([]);
    setCaBundle([next.certificatePem]);
    expect(await onOneConnection()).toBe(200);
  });

  it("put the authority back that somebody took away, instead of making one that nobody trusts", async () => {
    const webhook = await startReady();
    const before = await authorityPem();
    kube.store.of(resources.secrets).remove(own, secretName);
    expect(await authorityPem()).toBe(before);
    expect(await readReadiness(webhook)).toEqual([]);
    expect(await review(webhook)).toMatchObject({ allowed: true });
  });

  it("replace an authority that can't sign", async () => {
    kube.store.of(resources.secrets).set({
      metadata: { name: secretName, namespace: own },
      type: "Opaque",
      data: { "tls.crt": Buffer.from("broken").toString("base64") },
    });
    await addTrustKeys();
    const webhook = await start();
    expect(isSignedBy(await servedBy(webhook), await authorityPem())).toBe(true);
  });

  it("are renewed while reviews go on, and none fails", async () => {
    const webhook = await startReady(["--leaf-lifetime", "3s"]);
    const seen = new Set<string>();
    let failures = 0;
    await vi.waitFor(
      async () => {
        seen.add((await servedBy(webhook)).fingerprint256);
        const { allowed } = await review(webhook);
        failures += allowed ? 0 : 1;
        expect(seen.size).toBeGreaterThanOrEqual(4);
      },
      { timeout: 30_000, interval: 10 },
    );
    expect(failures).toBe(0);
    // A certificate of seconds may end on a busy machine before the next one is there.
    await vi.waitFor(async () => expect(await readReadiness(webhook)).toEqual([]), patience);
  }, 60_000);
});

describe("what the cluster says", () => {
  it("narrows a pod by the annotations of a namespace that was made a moment ago", async () => {
    const webhook = await startReady();
    const isAnswered = vi.fn();
    const asked = review(webhook, "fresh").finally(isAnswered);
    expect(await review(webhook)).toMatchObject({ allowed: true });
    expect(isAnswered).not.toHaveBeenCalled();
    addNamespace("fresh", { "outrigger.dev/deny-tools": "delete_*" });
    const answer = await asked;
    expect(answer).toMatchObject({ allowed: true });
    expect(patchText(answer)).toContain("delete_*");
    addNamespace("fresh", { "outrigger.dev/deny-tools": "drop_*" });
    await vi.waitFor(async () => expect(patchText(await review(webhook, "fresh"))).toContain("drop_*"), patience);
  });

  it("refuses the pods of a namespace that does not become known", async () => {
    const webhook = await startReady();
    expect(await review(webhook, "nowhere")).toMatchObject({ status: { code: 503, reason: "NamespaceNotSynced" } });
    expect(await review(webhook, own)).toMatchObject({
      allowed: true,
      auditAnnotations: { reason: "SystemNamespace" },
    });
  });

  it("gives a pod the keys and its namespace's policy, and warns while there is none", async () => {
    const webhook = await start();
    setCaBundle([await authorityPem()]);
    await vi.waitFor(async () => expect(await readReadiness(webhook)).toEqual(["trustKeys"]), patience);
    expect(await review(webhook)).toMatchObject({ status: { code: 503, reason: "TrustNotSynced" } });
    const jwks = await addTrustKeys();
    await untilReady(webhook);
    const pending = await review(webhook);
    expect(pending.warnings?.join()).toContain("[PolicyPending]");
    expect(patchText(pending)).toContain(JSON.stringify(jwks).slice(1, -1));
    addBundle("other", "o.o.o");
    addBundle("tools", "e30.e30.e30");
    await vi.waitFor(async () => expect(patchText(await review(webhook))).toContain("e30.e30.e30"), patience);
    expect((await review(webhook)).warnings).toBeUndefined();
    kube.store.of(resources.configMaps).remove(own, "outrigger-bundle-tools");
    await vi.waitFor(async () => expect((await review(webhook)).warnings).toHaveLength(1), patience);
  });

  it("keeps the last good keys when the ConfigMap breaks or goes", async () => {
    const webhook = await startReady();
    const trusted = /"x\\":\\"[A-Za-z0-9_-]{43}/.exec(patchText(await review(webhook)))?.[0];
    expect(trusted).toBeDefined();
    const place = { metadata: { name: "outrigger-trust", namespace: own } };
    kube.store.of(resources.configMaps).set({ ...place, data: { "jwks.json": '{"keys":[]}' } });
    const refused = 'outrigger_webhook_reloads_total{subject="trust",result="refused"} 1';
    await vi.waitFor(async () => expect((await getAdmin(webhook, "/metrics")).body).toContain(refused), patience);
    expect(patchText(await review(webhook))).toContain(trusted);
    kube.store.of(resources.configMaps).remove(own, "outrigger-trust");
    expect(await readReadiness(webhook)).toEqual([]);
    expect(patchText(await review(webhook))).toContain(trusted);
  });
});

describe("an API server that is away", () => {
  it.each([
    ["resets connections", "reset"],
    ["has forgotten the version", 410],
    ["is overloaded", 429],
    ["is broken", 500],
  ] as const)(
    "leaves a webhook ready that has what it needs, and it goes on answering: it %s",
    async (_how, status) => {
      const webhook = await startReady();
      const comeBack = kube.failWhile(() => ({ status, body: "{}" }));
      kube.dropWatches();
      const failed = /outrigger_webhook_watch_failures_total\{subject="namespaces"\} [1-9]/;
      await vi.waitFor(async () => expect((await getAdmin(webhook, "/metrics")).body).toMatch(failed), patience);
      expect(await readReadiness(webhook)).toEqual([]);
      expect(await review(webhook)).toMatchObject({ allowed: true, auditAnnotations: { reason: "Injected" } });
      addNamespace("later", { "outrigger.dev/deny-tools": "delete_*" });
      expect(await review(webhook, "later")).toMatchObject({ status: { code: 503, reason: "NamespaceNotSynced" } });
      comeBack();
      await vi.waitFor(async () => expect(await review(webhook, "later")).toMatchObject({ allowed: true }), patience);
    },
  );

  it("leaves it ready while its requests hang", async () => {
    const webhook = await startReady();
    kube.failWhile(() => ({ status: "hang" }));
    const before = kube.seen.length;
    kube.dropWatches();
    await vi.waitFor(() => expect(kube.seen.length).toBeGreaterThan(before), patience);
    for (let count = 0; count < 50; count += 1) expect(await review(webhook)).toMatchObject({ allowed: true });
    expect(await readReadiness(webhook)).toEqual([]);
  });

  it("holds back readiness at the start and says what is missing; the rest comes by itself", async () => {
    await addTrustKeys();
    const comeBack = kube.failWhile(() => ({ status: "reset" }));
    const webhook = await start([], "answering for health");
    expect((await getAdmin(webhook, "/livez")).status).toBe(200);
    expect((await getAdmin(webhook, "/startupz")).status).toBe(200);
    expect(await readReadiness(webhook)).toEqual([
      "serving",
      "certificate",
      "caches",
      "trustKeys",
      "certificateCaches",
      "caBundle",
    ]);
    comeBack();
    setCaBundle([await authorityPem()]);
    await untilReady(webhook);
  });

  it("does not keep a webhook from ending in good order that still waits for it", async () => {
    kube.failWhile(() => ({ status: "hang" }));
    const webhook = await start([], "answering for health");
    webhook.signal("SIGTERM");
    expect(await webhook.ended).toBe(0);
  });
});
