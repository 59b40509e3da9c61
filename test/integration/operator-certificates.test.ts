import { X509Certificate } from "node:crypto";
import { admissionEntrySuffix, authorityObject } from "@outrigger/api/cluster-objects";
import { ensureAuthority, makeAuthority, splitPem, startWith, toNewSecret } from "@outrigger/certs";
import { createObjects, openClusterAccess, resources } from "@outrigger/kube";
import { entries } from "@outrigger/webhook/inject";
import { afterEach, expect, it } from "vitest";
import { startFakeKube, type FakeKube } from "../fixtures/fake-kube/server.ts";
import { makePolicy, ownNamespace, startOperatorProgram, type RunningOperator } from "../fixtures/operator.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const names = ["pod", "namespace", "enforced"].map((scope) => `${scope}.inject.outrigger.dev`);
const secret = "outrigger-webhook-ca";

async function startKube(): Promise<FakeKube> {
  const kube = await startFakeKube();
  ends.push(() => kube.close());
  setConfiguration(kube);
  return kube;
}

/** The configuration as the chart renders it: without caBundle, here with somebody else's entry among ours. */
function setConfiguration(kube: FakeKube): void {
  const webhooks = ["theirs.example.com", ...names].map((name) => ({ name, clientConfig: {} }));
  kube.store.of(resources.mutatingWebhookConfigurations).set({ metadata: { name: "outrigger" }, webhooks });
}

async function startOperator(kube: FakeKube, flags: readonly string[] = []): Promise<RunningOperator> {
  const { name } = makePolicy(kube, "{}");
  const authority = ["--ca-secret", secret, "--webhook-configuration", "outrigger"];
  const operator = await startOperatorProgram(kube, name, [...authority, ...flags]);
  ends.push(() => operator.close());
  return operator;
}

interface Entry {
  readonly name: string;
  readonly clientConfig: { readonly caBundle?: string };
}

function entriesOf(kube: FakeKube): readonly Entry[] {
  const configuration = kube.store.of(resources.mutatingWebhookConfigurations).get(undefined, "outrigger");
  return (configuration?.["webhooks"] ?? []) as readonly Entry[];
}

/** What each entry of ours trusts. */
function trustedOf(kube: FakeKube): readonly (readonly string[])[] {
  const own = entriesOf(kube).filter(({ name }) => names.includes(name));
  return own.map(({ clientConfig }) => splitPem(Buffer.from(clientConfig.caBundle ?? "", "base64").toString()));
}

function readSecret(kube: FakeKube): {
  readonly signing: string;
  readonly phase: string;
  readonly trusted: readonly string[];
} {
  const object = kube.store.of(resources.secrets).get(ownNamespace, secret);
  const data = (object?.["data"] ?? {}) as Record<string, string>;
  const decode = (member: string): string => Buffer.from(data[member] ?? "", "base64").toString();
  return {
    signing: splitPem(decode(authorityObject.certificateMember))[0] ?? "",
    trusted: splitPem(decode(authorityObject.trustedMember)),
    phase: object?.metadata.annotations?.[authorityObject.phase] ?? "",
  };
}

const isTrusted = (kube: FakeKube): boolean => {
  const { signing } = readSecret(kube);
  const trusted = trustedOf(kube);
  return signing !== "" && trusted.length > 0 && trusted.every((list) => list.includes(signing));
};

it("takes for ours exactly the entries that the webhook answers to", () => {
  expect(entries.map(({ name }) => name)).toEqual(names);
  for (const name of names) expect(name.endsWith(admissionEntrySuffix)).toBe(true);
});

it("makes the authority, makes every entry of ours trust it, and leaves entries of others alone", async () => {
  const kube = await startKube();
  await startOperator(kube);
  await waitFor("trust", () => isTrusted(kube), 20_000);
  expect(entriesOf(kube)[0]).toEqual({ name: "theirs.example.com", clientConfig: {} });
  const patch = kube.seen.find(({ kind, path }) => kind === "patch" && path.includes("mutatingwebhook"));
  expect([patch?.contentType, patch?.query.get("fieldManager")]).toEqual([
    "application/json-patch+json",
    "outrigger-ca-injector",
  ]);

  setConfiguration(kube);
  await waitFor("the repair of a wiped configuration", () => isTrusted(kube));
  kube.store.of(resources.mutatingWebhookConfigurations).remove(undefined, "outrigger");
  setConfiguration(kube);
  await waitFor("the repair of one that was made anew", () => isTrusted(kube));
});

it("keeps trying while the configuration can't be written, and takes what is there from whoever came first", async () => {
  const kube = await startKube();
  const access = await openClusterAccess({ mode: "url", baseUrl: kube.url });
  ends.push(() => access.close());
  const place = { objects: createObjects(access), namespace: ownNamespace, name: secret };
  const options = { ...place, nowMs: () => Date.now(), lifetimeMs: 86_400_000, keyBits: 2048, trustedNow: () => [] };
  const made = await Promise.all([ensureAuthority(options), ensureAuthority(options)]);
  expect(new Set(made.map((each) => each.ok && each.state.signing.certificatePem)).size).toBe(1);
  for (let count = 0; count < 5; count++) kube.fail({ on: "patch", path: /mutatingwebhook/, status: 409, body: "{}" });
  await startOperator(kube);
  await waitFor("trust", () => isTrusted(kube), 20_000);
  expect(readSecret(kube).signing).toBe(splitPem((made[0].ok && made[0].state.signing.certificatePem) || "")[0]);
});

it("makes a new authority where the Secret's content can't sign, and where the Secret is gone", async () => {
  const kube = await startKube();
  kube.store
    .of(resources.secrets)
    .set({ metadata: { name: secret, namespace: ownNamespace }, data: { "tls.crt": "AAAA" } });
  await startOperator(kube, ["--ca-announce", "400ms"]);
  await waitFor("trust", () => isTrusted(kube), 20_000);
  const first = readSecret(kube).signing;
  kube.store.of(resources.secrets).remove(ownNamespace, secret);
  await waitFor("another authority", () => readSecret(kube).signing !== first && isTrusted(kube), 20_000);
});

interface Watched {
  /** Changes after which what signs was not trusted by every entry. */
  readonly gaps: string[];
  readonly phases: string[];
  readonly signers: Set<string>;
}

/** Looks at every change of Secret and configuration from now on. */
function watchTrust(kube: FakeKube): Watched {
  const watched: Watched = { gaps: [], phases: [], signers: new Set() };
  let wasTrusted = false;
  kube.store.subscribe(({ resource }) => {
    if (resource.plural !== "secrets" && resource.plural !== "mutatingwebhookconfigurations") return;
    const { phase, signing } = readSecret(kube);
    wasTrusted ||= isTrusted(kube);
    if (wasTrusted && !isTrusted(kube)) watched.gaps.push(`${phase} ${resource.plural}`);
    if (phase !== "" && watched.phases.at(-1) !== phase) watched.phases.push(phase);
    if (signing !== "") watched.signers.add(signing);
  });
  return watched;
}

it("replaces an authority that lives for seconds again and again without a moment in which what signs is not trusted", async () => {
  const kube = await startKube();
  const watched = watchTrust(kube);
  const operator = await startOperator(kube, ["--ca-lifetime", "15s", "--ca-announce", "500ms", "--ca-retire", "1s"]);
  await waitFor("a third authority", () => watched.signers.size >= 3, 55_000);
  expect(watched.gaps).toEqual([]);
  expect(watched.phases.join(" ")).toMatch(/^steady announced switched steady announced switched( |$)/);
  const { validToDate } = new X509Certificate(readSecret(kube).signing);
  expect(validToDate.getTime()).toBeGreaterThan(Date.now());
  expect(await operator.metrics()).toContain("outrigger_operator_ca_bundle_in_sync 1");
});

it("goes on from where a leader was lost, in each phase", async () => {
  const kube = await startKube();
  const lifetimeMs = 3_600_000;
  // Past three quarters of its life, so that its replacement is due.
  const nowMs = Date.now() - lifetimeMs * 0.75;
  const old = startWith(await makeAuthority({ nowMs, lifetimeMs, keyBits: 2048 }), nowMs);
  const { metadata, ...rest } = toNewSecret(secret, old);
  kube.store.of(resources.secrets).set({ ...rest, metadata: { ...metadata, name: secret, namespace: ownNamespace } });
  const watched = watchTrust(kube);
  const times = ["--ca-lifetime", "1h", "--ca-announce", "500ms", "--ca-retire", "1s"];
  let operator = await startOperator(kube, times);
  for (const phase of ["announced", "switched"]) {
    await waitFor(`the phase ${phase}`, () => readSecret(kube).phase === phase, 30_000);
    await operator.close();
    operator = await startOperator(kube, times);
  }
  const isAtRest = (): boolean => trustedOf(kube).every((list) => list.length === 1) && isTrusted(kube);
  await waitFor("rest", () => readSecret(kube).phase === "steady" && isAtRest(), 20_000);
  expect(watched).toMatchObject({
    gaps: [],
    phases: ["steady", "announced", "switched", "steady"],
    signers: { size: 2 },
  });
});

/** Reasons of the Events on the webhook configuration, in the order in which they came. */
const reasonsOf = (kube: FakeKube): readonly unknown[] =>
  kube.store
    .of(resources.events)
    .list()
    .filter(({ regarding }) => (regarding as { kind?: string }).kind === "MutatingWebhookConfiguration")
    .sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
    .map(({ reason }) => reason);

/** Puts an authority of this age there. */
async function setAuthority(kube: FakeKube, lifetimeMs: number, part: number): Promise<void> {
  const nowMs = Date.now() - lifetimeMs * part;
  const state = startWith(await makeAuthority({ nowMs, lifetimeMs, keyBits: 2048 }), nowMs);
  const { metadata, ...rest } = toNewSecret(secret, state);
  kube.store.of(resources.secrets).set({ ...rest, metadata: { ...metadata, name: secret, namespace: ownNamespace } });
}

it("tells by Events on the webhook configuration what became of the authority, each once, and who was overruled", async () => {
  const kube = await startKube();
  await setAuthority(kube, 3_600_000, 0.75);
  await startOperator(kube, ["--ca-lifetime", "1h", "--ca-announce", "500ms", "--ca-retire", "1s"]);
  const steps = ["AuthorityAnnounced", "AuthoritySwitched", "AuthorityRetired"];
  await waitFor("a whole rotation to be told", () => steps.every((step) => reasonsOf(kube).includes(step)), 30_000);
  expect(reasonsOf(kube)).toEqual(steps);
  await waitFor("rest", () => isTrusted(kube) && trustedOf(kube).every((list) => list.length === 1));
  setConfiguration(kube);
  await waitFor("the repair to be told", () => reasonsOf(kube).includes("TrustRepaired"), 10_000);
  expect(reasonsOf(kube)).toEqual([...steps, "TrustRepaired"]);
  const [event] = kube.store.of(resources.events).list();
  const configuration = kube.store.of(resources.mutatingWebhookConfigurations).get(undefined, "outrigger");
  expect(event).toMatchObject({
    metadata: { namespace: "default" },
    regarding: { name: "outrigger", uid: configuration?.metadata.uid },
  });
});

it("tells of an authority that is near its end because its replacement can't be written", async () => {
  const kube = await startKube();
  await setAuthority(kube, 3_600_000, 0.9);
  kube.failWhile(({ kind, path }) =>
    kind === "patch" && path.includes("/secrets/") ? { status: 500, body: "{}" } : undefined,
  );
  const operator = await startOperator(kube, ["--ca-lifetime", "1h"]);
  await waitFor("the warning", () => reasonsOf(kube).includes("CertificateEnding"), 20_000);
  const due = /outrigger_operator_authority_due_timestamp_seconds (\d+)/.exec(await operator.metrics())?.[1];
  expect(Number(due) * 1_000).toBeLessThan(Date.now());
});

it("keeps the authority that was trusted beside the one that it has to make, until no certificate of it can live", async () => {
  const kube = await startKube();
  await startOperator(kube, ["--ca-announce", "400ms"]);
  await waitFor("trust", () => isTrusted(kube), 60_000);
  const { signing: before } = readSecret(kube);
  kube.store.of(resources.secrets).remove(ownNamespace, secret);
  await waitFor("another authority", () => readSecret(kube).signing !== before && isTrusted(kube), 60_000);
  expect(readSecret(kube)).toMatchObject({ phase: "switched", trusted: [readSecret(kube).signing, before] });
  expect(trustedOf(kube).every((trusted) => trusted.includes(before))).toBe(true);
});
