/** A certificate that somebody else makes: the operator tells API servers whom to trust for it, and the webhook is ready only then. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { registrationObject } from "@outrigger/api/cluster-objects";
import { createAuthority, issueLeaf, splitPem } from "@outrigger/certs";
import { resources } from "@outrigger/kube";
import { generateKeyPair } from "@outrigger/runtime/jws";
import { entries } from "@outrigger/webhook/inject";
import { startFakeKube, type FakeKube } from "../fixtures/fake-kube/server.ts";
import { makePolicy, ownNamespace, startOperatorProgram } from "../fixtures/operator.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { getAdmin, startWebhook, type WebhookProcess } from "./webhook-process.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const nowMs = Date.now();
const lifetimeMs = 3_600_000;
const makeAuthority = () => createAuthority({ commonName: "Given", nowMs, lifetimeMs, keyBits: 2048 });

function setConfiguration(kube: FakeKube, source: string, trusted: readonly string[] = []): void {
  const caBundle = Buffer.from(trusted.join("")).toString("base64");
  kube.store.of(resources.mutatingWebhookConfigurations).set({
    metadata: { name: "outrigger", annotations: { [registrationObject.trustFrom]: source } },
    webhooks: entries.map(({ name }) => ({ name, clientConfig: { caBundle } })),
  });
}

/** What each entry trusts. */
function trustedOf(kube: FakeKube): readonly (readonly string[])[] {
  const found = kube.store.of(resources.mutatingWebhookConfigurations).get(undefined, "outrigger");
  const webhooks = (found?.["webhooks"] ?? []) as readonly { clientConfig: { caBundle?: string } }[];
  return webhooks.map(({ clientConfig }) => splitPem(Buffer.from(clientConfig.caBundle ?? "", "base64").toString()));
}

async function startKube(): Promise<FakeKube> {
  const kube = await startFakeKube();
  ends.push(() => kube.close());
  const { publicJwk } = await generateKeyPair();
  kube.store.of(resources.configMaps).set({
    metadata: { name: "outrigger-trust", namespace: ownNamespace },
    data: { "jwks.json": JSON.stringify({ keys: [publicJwk] }) },
  });
  return kube;
}

async function startWith(kube: FakeKube, pair: { certificatePem: string; privateKeyPem: string }) {
  const folder = makeTestFolder("webhook");
  writeFileSync(join(folder, "tls.crt"), pair.certificatePem);
  writeFileSync(join(folder, "tls.key"), pair.privateKeyPem);
  const files = ["--certificates", "files", "--certificate-folder", folder, "--webhook-configuration", "outrigger"];
  const webhook = await startWebhook(folder, ["--kube", kube.url, "--namespace", ownNamespace, ...files]);
  ends.push(() => webhook.stop());
  return webhook;
}

const readiness = async (webhook: WebhookProcess): Promise<number> => (await getAdmin(webhook, "/readyz")).status;

it("is served by a webhook that is ready only once the operator has made every entry trust its authority", async () => {
  const kube = await startKube();
  const [authority, before] = await Promise.all([makeAuthority(), makeAuthority()]);
  const names = ["localhost"];
  const webhook = await startWith(kube, await issueLeaf(authority, { names, nowMs, lifetimeMs, keyBits: 2048 }));
  setConfiguration(kube, "self", [before.certificatePem]);
  await waitFor("the webhook to say that it is not trusted", async () => {
    const { status, body } = await getAdmin(webhook, "/readyz");
    return status === 503 && body.includes("does not trust us yet");
  });

  const { name } = makePolicy(kube, "{}");
  const given = [
    "--ca-bundle",
    authority.certificatePem,
    "--webhook-configuration",
    "outrigger",
    "--ca-announce",
    "2s",
  ];
  const operator = await startOperatorProgram(kube, name, given);
  ends.push(() => operator.close());
  // Another source is named: the operator that leads leaves the entries to it.
  // Runs that still wait for the cluster to be read have no duration.
  const hasLooked = /outrigger_operator_reconcile_duration_seconds_count\{controller="certificates"\} [1-9]/;
  await waitFor("the duty to have looked", async () => hasLooked.test(await operator.metrics()));
  const [old = ""] = splitPem(before.certificatePem);
  const [own = ""] = splitPem(authority.certificatePem);
  expect(trustedOf(kube)).toEqual(entries.map(() => [old]));

  setConfiguration(kube, registrationObject.files, [before.certificatePem]);
  await waitFor("both to be trusted", () => trustedOf(kube).every((list) => list.join() === [own, old].join()), 20_000);
  await waitFor("the webhook to be ready", async () => (await readiness(webhook)) === 200);
  await waitFor(
    "the old one to be trusted no more",
    () => trustedOf(kube).every((list) => list.join() === own),
    20_000,
  );
  expect(await readiness(webhook)).toBe(200);
  expect(await operator.metrics()).toContain("outrigger_operator_ca_bundle_in_sync 1");
});
