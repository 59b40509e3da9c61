/**
 * `outrigger check` as a process: against an API server that holds what an installation holds, a webhook that serves a certificate,
 * and a real endpoint over a real server. kubectl is a script here: it forwards to what the test has started.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { createServer as createTlsServer } from "node:tls";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createAuthority, issueLeaf, type KeyedCertificate } from "@outrigger/certs";
import { runCommand, type CommandResult } from "../demo/stage/command.ts";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { startEverything, type HttpServer } from "../demo/stage/http-servers.ts";
import { startOutrigger, type Outrigger } from "../demo/stage/outrigger.ts";
import { repositoryEnvironment } from "../demo/stage/root.ts";
import { startFakeKube, type FakeKube } from "../fixtures/fake-kube/server.ts";
import type { FakeObject, FakeResource } from "../fixtures/fake-kube/store.ts";
import { startProgram } from "../fixtures/program.ts";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const folder = nameFileFolder("cli-check");
const system = "outrigger-system";
const version = "0.3.0";
const image = `outrigger-sidecar:${version}`;
const dayMs = 86_400_000;
const listening = { containers: [{ name: "app", image: "app:1", ports: [{ containerPort: 3001 }] }] };

const pods: FakeResource = { group: "", plural: "pods" };
const namespaces: FakeResource = { group: "", plural: "namespaces" };
const deployments: FakeResource = { group: "apps", plural: "deployments" };
const configurations: FakeResource = { group: "admissionregistration.k8s.io", plural: "mutatingwebhookconfigurations" };

let everything: HttpServer;
let outrigger: Outrigger;
let endpoint: string;
let authority: KeyedCertificate;
let webhook: Server;
/** Namespace under which the endpoint has its server. */
let local: string;

beforeAll(async () => {
  const env = repositoryEnvironment();
  everything = await startEverything(env);
  const config = join(folder, "mcp.json");
  const policy = { tools: { deny: ["get-sum"] } };
  writeFileSync(config, JSON.stringify({ mcpServers: { everything: { url: everything.url, outrigger: { policy } } } }));
  const port = await findFreePort();
  outrigger = await startOutrigger({ config, env, port, onServer: () => undefined, onStarted: () => undefined });
  endpoint = outrigger.mcpUrl.replace(/\/mcp$/, "");
  const response = await fetch(`${endpoint}/api/v1/servers`);
  const { servers } = (await response.json()) as { servers: readonly { namespace: string }[] };
  local = servers[0]?.namespace ?? "";
  const nowMs = Date.now();
  authority = await createAuthority({ commonName: "test", nowMs, lifetimeMs: 9 * dayMs, keyBits: 2048 });
  const names = [`outrigger-webhook.${system}.svc`];
  const leaf = await issueLeaf(authority, { names, nowMs, lifetimeMs: 5 * dayMs, keyBits: 2048 });
  webhook = createTlsServer({ cert: leaf.certificatePem, key: leaf.privateKeyPem }) as unknown as Server;
  webhook.listen(0, "127.0.0.1");
  await new Promise((resolve) => webhook.once("listening", resolve));
});
afterAll(async () => {
  await outrigger.stop();
  await everything.stop();
  webhook.close();
});

const labels = (component: string): Readonly<Record<string, string>> => ({
  "app.kubernetes.io/part-of": "outrigger",
  "app.kubernetes.io/instance": "outrigger",
  "app.kubernetes.io/component": component,
  "app.kubernetes.io/version": version,
});
const variables: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  webhook: { OUTRIGGER_KUBE: "in-cluster", OUTRIGGER_CERTIFICATES: "files" },
  aggregator: { OUTRIGGER_KUBE: "in-cluster" },
  operator: { OUTRIGGER_LEASE: "outrigger-operator", OUTRIGGER_TRUST: "outrigger-trust" },
};
const deployment = (component: string, replicas = 2): FakeObject => {
  const env = Object.entries(variables[component] ?? {}).map(([name, value]) => ({ name, value }));
  const containers = [{ name: component, env }];
  return {
    metadata: { name: `outrigger-${component}`, namespace: system, labels: labels(component) },
    spec: { replicas, template: { spec: { serviceAccountName: `outrigger-${component}`, containers } } },
    status: { readyReplicas: replicas },
  };
};
const injected = (
  name: string,
  change: { readonly version?: string; readonly enforced?: string } = {},
): FakeObject => ({
  metadata: {
    name,
    namespace: local,
    labels: { "outrigger.dev/injected": "true", "outrigger.dev/server": "everything" },
    annotations: {
      "outrigger.dev/status": JSON.stringify({ version: change.version ?? version }),
      "outrigger.dev/deny-tools": "get-*,get-sum",
      "outrigger.dev/enforced": JSON.stringify({
        status: change.enforced ?? "True",
        reason: change.enforced === "False" ? "BypassReachable" : "PolicyEnforced",
        message: "10.0.0.9:3001",
      }),
    },
  },
  spec: { initContainers: [{ name: "outrigger-sidecar", image: `outrigger-sidecar:${change.version ?? version}` }] },
  status: { conditions: [{ type: "Ready", status: "True" }] },
});

/** Fills the API server with an installation that is well. */
function fill({ store }: FakeKube): void {
  const put = (group: string, plural: string, object: FakeObject): void => void store.of({ group, plural }).set(object);
  for (const component of ["webhook", "aggregator", "operator"]) {
    store.of(deployments).set(deployment(component));
    store.of(pods).set({
      metadata: { name: `${component}-1`, namespace: system, labels: labels(component) },
      spec: { containers: [{ image: `outrigger-${component}:${version}` }] },
    });
  }
  const caBundle = Buffer.from(authority.certificatePem).toString("base64");
  store.of(configurations).set({
    metadata: { name: "outrigger" },
    webhooks: [
      {
        name: "pod.inject.outrigger.dev",
        failurePolicy: "Fail",
        clientConfig: { caBundle, service: { name: "outrigger-webhook", namespace: system } },
      },
    ],
  });
  const spec = { holderIdentity: "operator-1", renewTime: new Date().toISOString(), leaseDurationSeconds: 15 };
  put("coordination.k8s.io", "leases", { metadata: { name: "outrigger-operator", namespace: system }, spec });
  put("", "configmaps", {
    metadata: { name: "outrigger-webhook", namespace: system },
    data: { "injection.json": JSON.stringify({ version, image, ownNamespace: system }) },
  });
  put("", "nodes", { metadata: { name: "node-1" }, status: { nodeInfo: { kubeletVersion: "v1.34.1" } } });
  store.of(namespaces).set({ metadata: { name: local } });
  store.of(pods).set(injected("well"));
}

/** What a review asks about, as far as the tests decide by it. */
interface Asked {
  readonly user: string;
  readonly resourceAttributes: { readonly verb: string; readonly resource: string; readonly namespace?: string };
}

/** Answers a review as the API server does: with the question and a status. */
async function answerReview(asked: IncomingMessage, answer: ServerResponse, allows: Cluster["allows"]): Promise<void> {
  const { spec } = JSON.parse(await text(asked)) as { spec: Asked };
  const answered = allows.decide(spec);
  answer.writeHead(answered === "forbidden" ? 403 : 201, { "content-type": "application/json" });
  answer.end(JSON.stringify(answered === "forbidden" ? { kind: "Status" } : { spec, status: { allowed: answered } }));
}

/** The fake knows no reviews: they are answered before it, as an API server does. */
function startServer(kube: FakeKube, allows: Cluster["allows"]): Promise<string> {
  return startInFront(kube.url, (asked, answer) => {
    const isReview = asked.method === "POST" && asked.url?.endsWith("subjectaccessreviews") === true;
    if (isReview) void answerReview(asked, answer, allows);
    return isReview;
  });
}

/** The endpoint behind a door that takes one token. */
function startDoor(token: string): Promise<string> {
  return startInFront(endpoint, (asked, answer) => {
    const isWrong = asked.headers.authorization !== `Bearer ${token}`;
    if (isWrong) {
      answer.writeHead(401, { "content-type": "application/json", "www-authenticate": "Bearer" });
      answer.end(JSON.stringify({ error: { message: "The token is none of ours." } }));
    }
    return isWrong;
  });
}

/** Passes on what `answers` does not answer itself. */
async function startInFront(
  target: string,
  answers: (asked: IncomingMessage, answer: ServerResponse) => boolean,
): Promise<string> {
  const server = createServer((asked, answer) => {
    if (answers(asked, answer)) return;
    const passed = request(target + (asked.url ?? ""), { method: asked.method, headers: asked.headers }, (got) => {
      answer.writeHead(got.statusCode ?? 500, got.headers);
      got.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    answer.on("close", () => passed.destroy());
    asked.pipe(passed);
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${portOf(server)}`;
}

const cliScript = fileURLToPath(new URL("../../cli/bin/outrigger.js", import.meta.url));

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // Nobody has that number.
    return false;
  }
}

// A server that listens on TCP has this form of address.
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

interface Cluster {
  readonly kube: FakeKube;
  /** What is said to reviews; a test may put another answer there. */
  readonly allows: { decide: (asked: Asked) => boolean | "forbidden" };
  readonly check: (...args: readonly string[]) => Promise<CommandResult>;
  readonly kubeconfig: string;
  /** Folder of the script that stands in for kubectl. */
  readonly bin: string;
}

const toKubeconfig = (server: string): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "fake", cluster: { server, "insecure-skip-tls-verify": true } }],
    users: [{ name: "me", user: {} }],
    contexts: [{ name: "fake", context: { cluster: "fake", user: "me" } }],
    "current-context": "fake",
  });

async function startCluster(): Promise<Cluster> {
  const kube = await startFakeKube();
  onTestFinished(() => kube.close());
  fill(kube);
  const kubeconfig = join(folder, "kubeconfig");
  const other = join(folder, "other.kubeconfig");
  const allows: Cluster["allows"] = { decide: () => true };
  writeFileSync(other, toKubeconfig(await startServer(kube, allows)));
  writeFileSync(kubeconfig, toKubeconfig(await startServer(kube, allows)));
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  const forward = (port: number | string): string => `echo "Forwarding from 127.0.0.1:${port} -> 443"; exec sleep 60`;
  const script = `#!/bin/sh
case "$*" in
  *"--context nobody"*) echo "error: context \\"nobody\\" does not exist" >&2; exit 1;;
  *"--context other config view"*) cat ${other};;
  *port-forward*) if [ -e ${bin}/hangs ]; then echo $$ >>${bin}/pids; exec sleep 60; fi;;
esac
case "$*" in
  *port-forward*service/outrigger-webhook*) ${forward(portOf(webhook))};;
  *port-forward*service/outrigger-aggregator*) ${forward(new URL(endpoint).port)};;
esac
`;
  writeFileSync(join(bin, "kubectl"), script);
  chmodSync(join(bin, "kubectl"), 0o755);
  const path = [bin, process.env["PATH"] ?? ""].join(delimiter);
  const env = { PATH: path, OUTRIGGER_ENDPOINT: "", KUBERNETES_SERVICE_HOST: "" };
  const check = (...args: readonly string[]): Promise<CommandResult> =>
    runCommand(["check", "--kubeconfig", kubeconfig, ...args], { env });
  return { kube, allows, check, kubeconfig, bin };
}

interface Document {
  readonly ok: boolean;
  readonly counts: Readonly<Record<string, number>>;
  readonly findings: readonly { readonly area: string; readonly level: string; readonly message: string }[];
}

describe("outrigger check", () => {
  it("is quiet about an installation that is well, reached by ports that kubectl forwards", async () => {
    const { check } = await startCluster();
    const { code, out, err } = await check();
    expect({ code, err }, out).toEqual({ code: 0, err: "" });
    expect(out).toContain("✓ ok       certificate  trusted, ends on ");
    expect(out).toContain("✓ ok       servers      1 server ready");
    expect(out).toMatch(/\nAll is well\.\n$/);
  });

  it("is a client with --deep, and prints one JSON document with --json", async () => {
    const { check } = await startCluster();
    const { code, out, err } = await check("--deep", "--json", "--endpoint", endpoint);
    expect({ code, err }, out).toEqual({ code: 0, err: "" });
    const { ok, findings } = JSON.parse(out) as Document;
    expect(ok).toBe(true);
    const deep = ["connection", "tools", "search", "details", "filters", "policy"];
    expect(findings.filter(({ area }) => deep.includes(area)).map(({ area, level }) => `${area} ${level}`)).toEqual(
      deep.map((area) => `${area} ok`),
    );
    expect(findings.find(({ area }) => area === "policy")?.message).toContain("get-sum, which an annotation denies");
  });

  it("F-150 shows an aggregator that asks who calls the token that it is given, and without one says that it did not look there", async () => {
    const { check } = await startCluster();
    const door = await startDoor("right");
    const deep = ["--deep", "--endpoint", door];
    const unnamed = await check(...deep);
    expect(unnamed.code, unnamed.out).toBe(0);
    expect(unnamed.out).toContain(`i note     servers      not looked at: the aggregator at ${door} asks who calls\n`);
    expect(unnamed.out).toContain("do: outrigger check --token-file FILE\n");
    const file = join(folder, "token");
    writeFileSync(file, "right\n");
    const named = await check(...deep, "--token-file", file);
    expect({ code: named.code, err: named.err }, named.out).toEqual({ code: 0, err: "" });
    expect(named.out).toContain("✓ ok       servers      1 server ready");
    expect(named.out).toContain("✓ ok       connection");
    writeFileSync(file, "wrong\n");
    const refused = await check(...deep, "--token-file", file);
    expect(refused.code, refused.out).toBe(1);
    expect(refused.out).toContain(
      `? unknown  servers      could not look: the aggregator at ${door}: The token is none of ours.`,
    );
  });

  it("names everything that is wrong at once, and exits with 1", async () => {
    const { kube, check } = await startCluster();
    kube.store.of(deployments).set(deployment("webhook", 0));
    kube.store.of(pods).set(injected("old", { version: "0.9.0" }));
    kube.store.of(pods).set(injected("open", { enforced: "False" }));
    const asks = { "outrigger.dev/inject": "enabled" };
    kube.store
      .of(pods)
      .set({ metadata: { name: "bare", namespace: local, labels: asks }, spec: { ...listening, hostNetwork: true } });
    kube.store.of({ group: "", plural: "nodes" }).set({
      metadata: { name: "node-2" },
      status: { nodeInfo: { kubeletVersion: "v1.29.4" } },
    });
    const { code, out } = await check();
    expect(code, out).toBe(1);
    for (const words of [
      "webhook      deployment/outrigger-webhook is scaled to 0",
      "node-2: v1.29.4",
      `${local}/old: 0.9.0, outrigger-sidecar:0.9.0`,
      `${local}/open: BypassReachable: 10.0.0.9:3001`,
      `${local}/bare: `,
      "[HostNetwork]",
    ])
      expect(out).toContain(words);
    expect(out).toMatch(/\n5 problems.*\.\n$/);
  });

  it("finds pods of a labelled namespace that lack the sidecar, but none that opted out or have ended", async () => {
    const { kube, check } = await startCluster();
    kube.store.of(namespaces).set({ metadata: { name: "late", labels: { "outrigger.dev/inject": "enabled" } } });
    const put = (name: string, rest: object): void =>
      void kube.store.of(pods).set({ metadata: { name, namespace: "late", ...rest }, spec: listening });
    put("early", {});
    put("out", { labels: { "outrigger.dev/inject": "disabled" } });
    kube.store
      .of(pods)
      .set({ metadata: { name: "over", namespace: "late" }, spec: listening, status: { phase: "Succeeded" } });
    const { out } = await check();
    expect(out).toContain("1 pod should have a sidecar and lacks it\n");
    expect(out).toContain("late/early: no webhook was asked when it was made, or its label came later [NotInjected]");
    expect(out).toContain("do: kubectl get pod/early --namespace late --output yaml | kubectl replace --force");
  });

  it("names an authority that API servers do not trust", async () => {
    const { kube, check } = await startCluster();
    const stranger = await createAuthority({ commonName: "x", nowMs: Date.now(), lifetimeMs: dayMs, keyBits: 2048 });
    const caBundle = Buffer.from(stranger.certificatePem).toString("base64");
    const clientConfig = { caBundle, service: { name: "outrigger-webhook", namespace: system } };
    const webhooks = [{ name: "pod.inject.outrigger.dev", failurePolicy: "Fail", clientConfig }];
    kube.store.of(configurations).set({ metadata: { name: "outrigger" }, webhooks });
    const { code, out } = await check();
    expect(code, out).toBe(1);
    expect(out).toContain("✗ problem  certificate  what the webhook serves is not trusted by its caBundle: ");
  });

  it("tells which right is missing, and does not call that well", async () => {
    const { kube, check } = await startCluster();
    const forbid = JSON.stringify({ kind: "Status", message: "forbidden", reason: "Forbidden" });
    kube.failWhile(({ path }) => (/\/(nodes|namespaces)$/.test(path) ? { status: 403, body: forbid } : undefined));
    const { code, out } = await check();
    expect(code, out).toBe(1);
    expect(out).toContain("? unknown  nodes        could not look: need list nodes in all namespaces");
    expect(out).toContain("? unknown  injection    could not look: need list namespaces in all namespaces");
    expect(out).toMatch(/\n3 not looked at\.\n$/);
  });

  it("F-187 names the right that a program lacks, with kubectl's own question about it", async () => {
    const { allows, check } = await startCluster();
    allows.decide = ({ user, resourceAttributes: { verb, resource } }) =>
      !(user.endsWith(":outrigger-operator") && resource === "pods" && verb === "patch");
    const { code, out } = await check();
    expect(code, out).toBe(1);
    expect(out).toMatch(
      /✗ problem {2}permissions {2}1 right of the programs missing\n +operator: patch pods in all namespaces: /,
    );
    expect(out).toContain("do: helm upgrade outrigger charts/outrigger --namespace outrigger-system");
    expect(out).toContain(
      "do: kubectl auth can-i patch pods --all-namespaces --as system:serviceaccount:outrigger-system:outrigger-operator\n",
    );
    allows.decide = ({ resourceAttributes: { namespace } }) => (namespace === undefined ? "forbidden" : true);
    const unknown = await check();
    expect(unknown.code, unknown.out).toBe(1);
    expect(unknown.out).toContain(
      "? unknown  permissions  could not look: need create subjectaccessreviews in all namespaces\n",
    );
  });

  it("F-187 asks in the namespaces that it is limited to, and about no right beyond them", async () => {
    const { allows, check } = await startCluster();
    const asked: Asked[] = [];
    allows.decide = (spec) => asked.push(spec) > 0;
    const { code, out } = await check("--namespace", system, "--namespaces", local);
    expect(code, out).toBe(0);
    expect(new Set(asked.map(({ resourceAttributes }) => resourceAttributes.namespace))).toEqual(
      new Set([system, local]),
    );
    expect(asked.map(({ resourceAttributes }) => resourceAttributes.resource)).not.toContain("namespaces");
  });

  it("F-185 tells what stands around servers: their templates, Services, bounds and pods", async () => {
    const { kube, check } = await startCluster();
    const put = (group: string, plural: string, object: FakeObject): void =>
      void kube.store.of({ group, plural }).set(object);
    const optedIn = { "outrigger.dev/inject": "enabled" };
    const place = (name: string) => ({ name, namespace: local });
    const template = {
      metadata: { labels: optedIn, annotations: { "outrigger.dev/rate-limt": "60/m" } },
      spec: listening,
    };
    put("apps", "deployments", { metadata: place("typed"), spec: { template } });
    const refused = { metadata: { labels: optedIn }, spec: { ...listening, hostNetwork: true } };
    put("apps", "statefulsets", { metadata: place("later"), spec: { template: refused } });
    put("", "limitranges", {
      metadata: place("least"),
      spec: { limits: [{ type: "Container", min: { memory: "1Gi" } }] },
    });
    put("", "resourcequotas", { metadata: place("team"), spec: { hard: { "limits.cpu": "4" } } });
    put("", "services", {
      metadata: place("everything"),
      spec: { selector: { app: "everything" }, ports: [{ port: 80, targetPort: 3001 }] },
    });
    const { metadata, spec } = injected("wired");
    const annotations = {
      ...metadata.annotations,
      "outrigger.dev/status": JSON.stringify({ version, mode: "sidecar-port", port: 3001 }),
      "outrigger.dev/endpoint": "19080/mcp",
    };
    kube.store.of(pods).set({
      metadata: { ...metadata, annotations, labels: { ...metadata.labels, app: "everything" } },
      spec,
      status: {
        containerStatuses: [
          { name: "app", ready: false, state: { waiting: { reason: "ImagePullBackOff", message: "no" } } },
        ],
      },
    });
    const { code, out } = await check();
    expect(code, out).toBe(1);
    for (const words of [
      `${local}/deployment/typed: annotation outrigger.dev/rate-limt is not read; did you mean rate-limit?`,
      `${local}/statefulset/later: `,
      "do: kubectl edit statefulset/later",
      "does not fit LimitRange least: at least 1Gi",
      "ResourceQuota team counts limits.cpu, and the sidecar has none",
      `do: kubectl annotate namespace ${local} --overwrite outrigger.dev/sidecar-memory-request=1Gi`,
      `${local}/everything: port 80 leads to 3001, the server's own; the sidecar (sidecar-port) is on 19080`,
      `do: kubectl patch service/everything --namespace ${local} --patch '{"spec":{"ports":[{"port":80,"targetPort":19080}]}}'`,
      `${local}/wired: ImagePullBackOff (app): no`,
      `do: kubectl describe pod/wired --namespace ${local}`,
    ])
      expect(out).toContain(words);
  });

  it("asks for nothing of the whole cluster where it is limited to namespaces", async () => {
    const { kube, check } = await startCluster();
    const before = kube.seen.length;
    const { code, out } = await check("--namespace", system, "--namespaces", local);
    expect(code, out).toBe(0);
    const asked = kube.seen.slice(before).map(({ path }) => path);
    expect(
      asked.filter((path) => !path.includes(`/namespaces/${system}/`) && !path.includes(`/namespaces/${local}`)),
    ).toEqual([]);
    expect(out).not.toContain("certificate");
  });

  it("takes a context as kubectl reads it, and repeats kubectl's words where there is none", async () => {
    const { check } = await startCluster();
    const named = await check("--context", "other", "--endpoint", endpoint);
    expect(named.out).toContain("All is well");
    const unknown = await check("--context", "nobody");
    expect(unknown).toMatchObject({ code: 2, out: "" });
    expect(unknown.err).toContain('context "nobody" does not exist');
  });

  it("says that there is no installation, and how to make one", async () => {
    const { kube, check } = await startCluster();
    for (const component of ["webhook", "aggregator", "operator"])
      kube.store.of(deployments).remove(system, `outrigger-${component}`);
    const { code, out } = await check();
    expect(code).toBe(1);
    expect(out).toContain("no installation of Outrigger in this cluster");
    expect(out).toContain("helm install outrigger");
  });

  it("asks which one is meant where there are two installations", async () => {
    const { kube, check } = await startCluster();
    const { metadata, ...rest } = deployment("webhook");
    kube.store.of(deployments).set({ ...rest, metadata: { ...metadata, namespace: "second" } });
    const { code, err, out } = await check();
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("outrigger check --namespace ");
  });

  it("says what is needed where there is no kubectl", async () => {
    const { kubeconfig } = await startCluster();
    const env = { PATH: folder, OUTRIGGER_ENDPOINT: endpoint, KUBERNETES_SERVICE_HOST: "" };
    const { code, out } = await runCommand(["check", "--kubeconfig", kubeconfig], { env });
    expect(code, out).toBe(1);
    expect(out).toContain(
      "? unknown  certificate  could not look: kubectl is needed to reach the cluster's Services, and is not on the PATH",
    );
    expect(out).toContain("✓ ok       servers ");
  });

  it("ends what it has started when it is told to end", async () => {
    const { kubeconfig, bin } = await startCluster();
    const marker = join(bin, "hangs");
    writeFileSync(marker, "");
    onTestFinished(() => rmSync(marker));
    const path = [bin, process.env["PATH"] ?? ""].join(delimiter);
    const env = { ...process.env, PATH: path, OUTRIGGER_ENDPOINT: "", KUBERNETES_SERVICE_HOST: "" };
    const started = startProgram([process.execPath, cliScript, "check", "--kubeconfig", kubeconfig], { env });
    const pids = await waitFor("both ports to be asked for", () => {
      const found = existsSync(join(bin, "pids")) ? readFileSync(join(bin, "pids"), "utf8").trim().split("\n") : [];
      return found.length === 2 && found.map(Number);
    });
    expect(await started.stop()).toBe(130);
    await waitFor("kubectl to be gone", () => pids.every((pid) => !isAlive(pid)));
  });

  it("F-184 exits with 5 and names address and kubeconfig where no API server answers, with 2 for what can't be read", async () => {
    const kubeconfig = join(folder, "nobody.kubeconfig");
    writeFileSync(kubeconfig, toKubeconfig(`http://127.0.0.1:${await findFreePort()}`));
    const away = await runCommand(["check", "--kubeconfig", kubeconfig]);
    expect(away).toMatchObject({ code: 5, out: "" });
    expect(away.err).toMatch(
      /can't reach http:\/\/127\.0\.0\.1:\d+ \(from context "[^"]+" of .*nobody\.kubeconfig\): nothing listens there \(ECONNREFUSED\)/,
    );
    const plain = toKubeconfig("http://127.0.0.1:8001").replace(/insecure-skip-tls-verify/, "other-member");
    writeFileSync(kubeconfig, plain);
    const readable = await runCommand(["check", "--kubeconfig", kubeconfig]);
    expect(readable).toMatchObject({ code: 2, out: "" });
    expect(readable.err).toMatch(
      /http:\/\/127\.0\.0\.1:8001 \(from context .*\) is plain HTTP, .*expected an https address/,
    );
    for (const args of [
      ["--kubeconfig", join(folder, "none")],
      ["--namespaces", "Tools"],
      ["--endpoint", "x"],
    ])
      expect(await runCommand(["check", ...args])).toMatchObject({ code: 2, out: "" });
  });
});
