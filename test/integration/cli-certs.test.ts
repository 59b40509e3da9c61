/**
 * `outrigger certs status` as a process: against an API server that holds what an installation holds, and replicas that serve
 * certificates. kubectl is a script here: it forwards to what the test has started.
 */
import { X509Certificate } from "node:crypto";
import { chmodSync, writeFileSync } from "node:fs";
import type { AddressInfo, Server } from "node:net";
import { delimiter, join } from "node:path";
import { createServer } from "node:tls";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { registrationObject, validationEntrySuffix } from "@outrigger/api/cluster-objects";
import {
  announce,
  createAuthority,
  issueLeaf,
  joinTrusted,
  makeAuthority,
  startWith,
  toNewSecret,
  type AuthorityState,
  type KeyedCertificate,
} from "@outrigger/certs";
import { resources } from "@outrigger/kube";
import { entries } from "@outrigger/webhook/inject";
import { runCommand, type CommandResult } from "../demo/stage/command.ts";
import { startFakeKube, type FakeKube } from "../fixtures/fake-kube/server.ts";
import type { FakeObject } from "../fixtures/fake-kube/store.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";

const namespace = "outrigger-system";
const host = `outrigger-webhook.${namespace}.svc`;
const dayMs = 86_400_000;
const nowMs = Date.now();
let first: KeyedCertificate;
let second: KeyedCertificate;
let stranger: KeyedCertificate;

beforeAll(async () => {
  const make = () => makeAuthority({ nowMs, lifetimeMs: 365 * dayMs, keyBits: 2048 });
  [first, second] = await Promise.all([make(), make()]);
  stranger = await createAuthority({ commonName: "Somebody else", nowMs, lifetimeMs: dayMs, keyBits: 2048 });
});

const fingerprint = ({ certificatePem }: KeyedCertificate): string =>
  new X509Certificate(certificatePem).fingerprint256.slice(0, 17);

interface Leaf {
  readonly by: KeyedCertificate;
  readonly name?: string;
  /** How old it is, and how long it lives, days. */
  readonly age?: number;
  readonly life?: number;
}

const port = (server: Server): number => (server.address() as AddressInfo).port;

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  return port(server);
}

/** Serves a leaf, as a replica does. */
async function serve({ by, name = host, age = 0, life = 7 }: Leaf): Promise<number> {
  const issued = await issueLeaf(by, { names: [name], nowMs: nowMs - age * dayMs, lifetimeMs: life * dayMs });
  return listen(createServer({ cert: issued.certificatePem, key: issued.privateKeyPem }));
}

const labels = (component: string): Readonly<Record<string, string>> => ({
  "app.kubernetes.io/part-of": "outrigger",
  "app.kubernetes.io/instance": "outrigger",
  "app.kubernetes.io/component": component,
  "app.kubernetes.io/version": "0.3.0",
});

function put(kube: FakeKube, group: string, plural: string, object: FakeObject): void {
  kube.store.of({ group, plural }).set(object);
}

interface Installed {
  readonly leaves?: readonly Leaf[];
  readonly state?: AuthorityState;
  readonly trusted?: readonly (readonly string[])[];
  readonly source?: string;
}

function fill(kube: FakeKube, { state, trusted, source }: Required<Omit<Installed, "leaves">>): void {
  const env = [
    { name: "OUTRIGGER_CA_ANNOUNCE", value: "10m" },
    { name: "OUTRIGGER_CA_RETIRE", value: "192h" },
  ];
  for (const component of ["webhook", "operator"])
    put(kube, "apps", "deployments", {
      metadata: { name: `outrigger-${component}`, namespace, labels: labels(component) },
      spec: { replicas: 2, template: { spec: { containers: [{ env: component === "operator" ? env : [] }] } } },
      status: { readyReplicas: 2 },
    });
  put(kube, "admissionregistration.k8s.io", "mutatingwebhookconfigurations", {
    metadata: { name: "outrigger", annotations: { [registrationObject.trustFrom]: source } },
    webhooks: entries.map(({ name }, index) => ({
      name,
      clientConfig: {
        caBundle: Buffer.from(joinTrusted(trusted[index % trusted.length] ?? [])).toString("base64"),
        service: { name: "outrigger-webhook", namespace },
      },
    })),
  });
  put(kube, "admissionregistration.k8s.io", "validatingwebhookconfigurations", {
    metadata: { name: "outrigger", annotations: { [registrationObject.trustFrom]: source } },
    webhooks: [
      {
        name: `settings${validationEntrySuffix}`,
        clientConfig: {
          caBundle: Buffer.from(joinTrusted(trusted[0] ?? [])).toString("base64"),
          service: { name: "outrigger-webhook", namespace },
        },
      },
    ],
  });
  const { metadata, ...secret } = toNewSecret("outrigger-webhook-ca", state);
  kube.store
    .of(resources.secrets)
    .set({ ...secret, metadata: { ...metadata, name: "outrigger-webhook-ca", namespace } });
  const spec = { holderIdentity: "operator-1", renewTime: new Date().toISOString(), leaseDurationSeconds: 15 };
  put(kube, "coordination.k8s.io", "leases", { metadata: { name: "outrigger-operator", namespace }, spec });
}

interface Started {
  readonly kube: FakeKube;
  readonly status: (...args: readonly string[]) => Promise<CommandResult>;
}

/** An installation with a replica for each leaf. */
async function start(installed: Installed = {}): Promise<Started> {
  const state = installed.state ?? startWith(first, nowMs);
  const {
    leaves = [{ by: first }, { by: first }],
    trusted = [state.trusted],
    source = registrationObject.self,
  } = installed;
  const kube = await startFakeKube();
  onTestFinished(() => kube.close());
  fill(kube, { state, trusted, source });
  const forwards = await Promise.all(
    leaves.map(async (leaf, index) => {
      put(kube, "", "pods", {
        metadata: { name: `webhook-${index}`, namespace, labels: labels("webhook") },
        spec: { containers: [{ ports: [{ name: "https", containerPort: 10250 }] }] },
        status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
      });
      return `*port-forward*pod/webhook-${index}*) echo "Forwarding from 127.0.0.1:${await serve(leaf)} -> 10250"; exec sleep 60;;`;
    }),
  );
  const folder = makeTestFolder("certs");
  const script = `#!/bin/sh\ncase "$*" in\n${forwards.join("\n")}\nesac\n`;
  writeFileSync(join(folder, "kubectl"), script);
  chmodSync(join(folder, "kubectl"), 0o755);
  const kubeconfig = join(folder, "kubeconfig");
  const cluster = { server: kube.url, "insecure-skip-tls-verify": true };
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      ...{ apiVersion: "v1", kind: "Config", "current-context": "fake" },
      clusters: [{ name: "fake", cluster }],
      users: [{ name: "me", user: {} }],
      contexts: [{ name: "fake", context: { cluster: "fake", user: "me" } }],
    }),
  );
  const env = { PATH: [folder, process.env["PATH"] ?? ""].join(delimiter), KUBERNETES_SERVICE_HOST: "" };
  const status = (...args: readonly string[]): Promise<CommandResult> =>
    runCommand(["certs", "status", "--kubeconfig", kubeconfig, ...args], { env });
  return { kube, status };
}

interface Document {
  readonly ok: boolean;
  readonly mode: string;
  readonly rotation: { readonly phase: string; readonly next: string; readonly due: string };
  readonly authorities: readonly {
    readonly fingerprint: string;
    readonly signs: boolean;
    readonly trustedBy: number;
  }[];
  readonly replicas: readonly { readonly accepted: boolean; readonly by: string; readonly renewal: string }[];
  readonly configurations: readonly { readonly kind: string; readonly entries: readonly object[] }[];
}

describe("outrigger certs status", () => {
  it("says who is trusted, what each replica shows and when what is due, and reads no key", async () => {
    const { kube, status } = await start();
    const { code, out, err } = await status();
    expect({ code, err }, out).toEqual({ code: 0, err: "" });
    expect(out).toContain("mode      self: the operator makes the authority");
    expect(out).toMatch(/rotation {2}steady since \S+ \S+; next: announce is due \S+ \S+\n/);
    expect(out).toMatch(/operator {2}operator-1 leads, heard of \d+ s ago\n/);
    expect(out).toContain(`${fingerprint(first)}  signs now`);
    expect(out).toContain(`trusted by ${entries.length + 1} of ${entries.length + 1} entries`);
    expect(out).toContain("MutatingWebhookConfiguration outrigger\n    pod.inject.outrigger.dev");
    expect(out).toContain("ValidatingWebhookConfiguration outrigger\n    settings.validate.outrigger.dev");
    expect(out).toMatch(/✓ webhook-0 {2}accepted\n.*\n {4}until \S+ \S+, 6 days left, to be renewed about /);
    expect(out).toContain("✓ webhook-1  accepted");
    expect(out).toMatch(/\nAPI servers take what every replica shows\.\n$/);
    const asked = kube.seen.filter(({ path }) => path.includes("/secrets/"));
    expect(asked.map(({ accept = "" }) => accept)).toEqual([expect.stringContaining("as=PartialObjectMetadata")]);
  });

  it("prints one JSON document, here in the middle of a rotation", async () => {
    const state = announce(startWith(first, nowMs), second, nowMs);
    const { status } = await start({ state });
    const { code, out } = await status("--json");
    expect(code, out).toBe(0);
    const { ok, mode, rotation, authorities, replicas, configurations } = JSON.parse(out) as Document;
    expect({ ok, mode }).toEqual({ ok: true, mode: "self" });
    expect(rotation).toMatchObject({ phase: "announced", next: "switch" });
    expect(Date.parse(rotation.due)).toBe(nowMs + 600_000);
    expect(authorities.map(({ fingerprint: each, signs }) => [each, signs])).toEqual([
      [fingerprint(second), false],
      [fingerprint(first), true],
    ]);
    expect(replicas.map(({ accepted, by }) => [accepted, by])).toEqual([
      [true, fingerprint(first)],
      [true, fingerprint(first)],
    ]);
    expect(configurations[0]?.entries).toHaveLength(entries.length);
  });

  it.each<[string, () => Installed, RegExp]>([
    [
      "an authority that nobody trusts",
      () => ({ leaves: [{ by: second }] }),
      /webhook-0 shows a certificate that no entry trusts/,
    ],
    [
      "a certificate that has ended",
      () => ({ leaves: [{ by: first, age: 8 }] }),
      /webhook-0 shows a certificate that ended at /,
    ],
    [
      "another name",
      () => ({ leaves: [{ by: first, name: "example.com" }] }),
      /certificate that is not for outrigger-webhook\./,
    ],
    [
      "entries without caBundle",
      () => ({ trusted: [[]] }),
      /4 entries without caBundle: API servers can't ask the webhook there/,
    ],
  ])("exits with 1 for %s, and says what mends it", async (_what, installed, words) => {
    const { status } = await start(installed());
    const { code, out } = await status();
    expect(code, out).toBe(1);
    expect(out).toMatch(words);
    expect(out).toMatch(
      /\n {2}do: kubectl logs --namespace outrigger-system --selector app\.kubernetes\.io\/component=/,
    );
    expect(out).toMatch(/\nAPI servers refuse, or can't ask, a part of the webhook\.\n$/);
  });

  it("names the entry that trusts somebody else beside two that are well", async () => {
    const own = [first.certificatePem];
    const { status } = await start({ trusted: [own, own, [stranger.certificatePem]] });
    const { code, out } = await status();
    expect(code, out).toBe(1);
    expect(out).toContain("webhook-0 shows a certificate that 1 of 4 entries do not trust");
    expect(out).toContain(entries[2]?.name ?? "missing");
    expect(out).toContain(fingerprint(stranger));
  });

  it("warns of what is not renewed, and of a step that is overdue, and is well otherwise", async () => {
    const state = announce(startWith(first, nowMs), second, nowMs - 2 * 3_600_000);
    const { status } = await start({ state, leaves: [{ by: first, age: 6.5 }] });
    const { code, out } = await status();
    expect(code, out).toBe(0);
    expect(out).toContain("webhook-0 shows a certificate that is near its end and was not renewed");
    expect(out).toContain("the rotation is announced, and its next step (switch) is overdue");
  });

  it("takes certificates of somebody else as API servers do, and asks for no Secret of its own", async () => {
    const { kube, status } = await start({
      source: "others",
      leaves: [{ by: stranger, life: 1 }],
      trusted: [[stranger.certificatePem]],
    });
    const { code, out } = await status();
    expect(code, out).toBe(0);
    expect(out).toContain("mode      files: a Secret that somebody else fills");
    expect(out).not.toContain("rotation");
    expect(kube.seen.filter(({ path }) => path.includes("/secrets/"))).toEqual([]);
  });

  it("says what it may not see, and is not well where it could not look at what is served", async () => {
    const { kube, status } = await start();
    const body = JSON.stringify({ kind: "Status", message: "forbidden", reason: "Forbidden" });
    const allow = kube.failWhile(({ path }) => (path.includes("/secrets/") ? { status: 403, body } : undefined));
    const limited = await status();
    expect(limited.code, limited.out).toBe(0);
    expect(limited.out).toContain("not known: need get secrets outrigger-webhook-ca in outrigger-system");
    allow();
    kube.failWhile(({ path }) => (path.endsWith("/pods") ? { status: 403, body } : undefined));
    const blind = await status();
    expect(blind.code, blind.out).toBe(1);
    expect(blind.out).toContain("could not look: need list pods in outrigger-system");
    expect(blind.out).toMatch(/\nNot everything could be looked at\.\n$/);
  });

  it("exits with 3 where there is no installation", async () => {
    const { kube, status } = await start();
    kube.store.of({ group: "apps", plural: "deployments" }).remove(namespace, "outrigger-webhook");
    const { code, out, err } = await status();
    expect({ code, out }).toEqual({ code: 3, out: "" });
    expect(err).toContain("There is no installation of Outrigger.");
  });
});
