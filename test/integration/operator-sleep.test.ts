import { generateKeyPairSync, sign } from "node:crypto";
import { asleepObject, readAsleep, type AsleepMembers, type AsleepServer } from "@outrigger/api/asleep";
import type { Activity } from "@outrigger/api/feed";
import { keys } from "@outrigger/api/keys";
import { sidecarPorts } from "@outrigger/api/ports";
import { wakeAudience, wakePath } from "@outrigger/api/wake";
import { resources } from "@outrigger/kube";
import { unpackText } from "@outrigger/runtime/packed";
import { subjectOf } from "@outrigger/runtime/service-token";
import { expect, it, onTestFinished } from "vitest";
import { startFakeKube, type FakeKube } from "../fixtures/fake-kube/server.ts";
import type { FakeObject } from "../fixtures/fake-kube/store.ts";
import { startFakeControl, type FakeControl } from "../fixtures/fake-sidecar/control.ts";
import { makeTool } from "../fixtures/fake-sidecar/sidecar.ts";
import {
  makeInjectedPod,
  makePolicy,
  ownNamespace,
  setNamespace,
  startOperatorProgram,
  type RunningOperator,
} from "../fixtures/operator.ts";
import { waitFor } from "../fixtures/wait-for.ts";

/** Loopback addresses of our own, since all sidecars have one control port. */
const net = `127.${20 + (process.pid % 90)}.${Math.floor(process.pid / 90) % 250}`;
let lastHost = 0;

const aggregator = subjectOf(ownNamespace, "outrigger-aggregator");
const idle: Activity = { inFlight: 0, idleMs: 3_600_000 };

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const header = { alg: "RS256", kid: "cluster" };
const jwks = { keys: [{ ...publicKey.export({ format: "jwk" }), ...header, use: "sig" }] };

/** A token as the kubelet gives it to a pod. Source: RFC 7515, RFC 7519. */
function makeToken(subject = aggregator, audience: string = wakeAudience): string {
  const claims = { sub: subject, aud: [audience], exp: Math.floor(Date.now() / 1_000) + 600 };
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${text}.${sign("RSA-SHA256", Buffer.from(text), privateKey).toString("base64url")}`;
}

interface Rig {
  readonly kube: FakeKube;
  readonly start: () => Promise<RunningOperator>;
  readonly kept: () => readonly AsleepServer[];
  readonly reasons: () => readonly unknown[];
}

async function startRig(): Promise<Rig> {
  const kube = await startFakeKube();
  onTestFinished(() => kube.close());
  kube.publish("/openid/v1/jwks", jwks, "application/jwk-set+json");
  setNamespace(kube, "tools", { [keys.inject.key]: "enabled" });
  const { name } = makePolicy(kube, "{}");
  const ofConfigMaps = kube.store.of(resources.configMaps);
  return {
    kube,
    start: async () => {
      const operator = await startOperatorProgram(kube, name, ["--wake", "127.0.0.1:0"]);
      onTestFinished(() => operator.close());
      return operator;
    },
    kept: () =>
      ofConfigMaps
        .list()
        .filter(({ metadata }) => metadata.labels?.[asleepObject.label] === asleepObject.labelValue)
        .map((object) => {
          // What the operator wrote; the reader checks it.
          const read = readAsleep(object as AsleepMembers, unpackText);
          if (!read.ok) throw new Error(read.problem);
          return read.value;
        }),
    reasons: () => [
      ...new Set(
        kube.store
          .of(resources.events)
          .list()
          .map(({ reason }) => reason),
      ),
    ],
  };
}

/** A workload with its pods and their sidecars, kept as its controller would. */
interface Workload {
  readonly replicas: () => unknown;
  readonly controls: readonly FakeControl[];
  readonly annotate: (ttl: string | undefined) => void;
  /** Brings pods and status to what the workload wants; new pods were used just now. */
  readonly settle: () => Promise<void>;
  readonly remove: () => void;
}

interface Choices {
  readonly name?: string;
  readonly replicas?: number;
  readonly ttl?: string;
  readonly activity?: Activity | undefined;
  /** Pods that lack the sidecar. */
  readonly bare?: number;
}

async function makeWorkload(kube: FakeKube, choices: Choices = {}): Promise<Workload> {
  const { name = "search", replicas = 2, ttl = "30s", bare = 0 } = choices;
  const activity = "activity" in choices ? choices.activity : idle;
  const workloads = kube.store.of(resources.deployments);
  const controls: FakeControl[] = [];
  const read = (): FakeObject => workloads.get("tools", name)!;
  const wanted = (): number => (read()["spec"] as { replicas: number }).replicas;
  let pods: string[] = [];
  workloads.set({
    metadata: { name, namespace: "tools", uid: `uid-${name}`, annotations: { [keys.idleTtl.key]: ttl } },
    spec: { replicas },
  });
  const addPod = async (createdAtMs: number, said: Activity | undefined): Promise<string> => {
    const address = `${net}.${++lastHost}`;
    const control = await startFakeControl(name, { host: address, port: sidecarPorts.control });
    onTestFinished(() => control.close());
    control.list([makeTool("find", "Finds things.")]);
    control.use(said);
    controls.push(control);
    const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: `${name}-abc`, uid: "rs", controller: true };
    const pod = makeInjectedPod(`${name}-abc-${lastHost}`, { server: name, address, owner });
    const creationTimestamp = new Date(createdAtMs).toISOString();
    const labels = { ...pod.metadata.labels, "pod-template-hash": "abc", team: "web" };
    kube.store.set({ ...pod, metadata: { ...pod.metadata, creationTimestamp, labels } });
    return pod.metadata.name;
  };
  const settle = async (createdAtMs: number, said: Activity | undefined): Promise<void> => {
    const count = Math.max(0, wanted() - bare);
    while (pods.length < count) pods.push(await addPod(createdAtMs, said));
    for (const pod of pods.slice(count)) kube.store.remove("tools", pod);
    pods = pods.slice(0, count);
    workloads.set({ ...read(), status: { replicas: wanted(), readyReplicas: wanted() } });
  };
  await settle(Date.now() - 3_600_000, activity);
  return {
    replicas: wanted,
    controls,
    annotate: (next) => {
      const { metadata, ...rest } = read();
      const annotations = next === undefined ? {} : { [keys.idleTtl.key]: next };
      workloads.set({ ...rest, metadata: { ...metadata, annotations } });
    },
    settle: () => settle(Date.now(), { inFlight: 0, idleMs: 0 }),
    remove: () => workloads.remove("tools", name),
  };
}

async function wake(
  operator: RunningOperator,
  token: string | undefined,
  body: unknown = { namespace: "tools", server: "search" },
): Promise<{ status: number; reason: unknown }> {
  const response = await fetch(operator.wakeUrl + wakePath, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const { reason } = (await response.json()) as { reason?: unknown };
  return { status: response.status, reason };
}

it("scales a workload to zero that nobody uses, keeps what it listed, and back at the aggregator's word alone", async () => {
  const { kube, start, kept, reasons } = await startRig();
  const workload = await makeWorkload(kube);
  const operator = await start();
  await waitFor("the workload at zero", () => workload.replicas() === 0);
  expect(kept()).toMatchObject([
    {
      namespace: "tools",
      server: "search",
      group: "default",
      workload: { kind: "Deployment", name: "search", uid: "uid-search" },
      replicas: 2,
      labels: { team: "web" },
      state: { health: { state: "Ready" } },
      catalogue: { tools: [{ name: "find" }] },
    },
  ]);
  await workload.settle();
  await waitFor("word of it", () => reasons().includes("Asleep"));
  await waitFor("its count", async () => (await operator.metrics()).includes("operator_asleep_servers 1"));

  const others = makeToken(subjectOf("tools", "default"));
  const toApiServer = makeToken(aggregator, "https://kubernetes.default.svc");
  expect(await wake(operator, undefined)).toEqual({ status: 401, reason: "WakerUnverified" });
  expect(await wake(operator, toApiServer)).toEqual({ status: 401, reason: "WakerUnverified" });
  expect(await wake(operator, others)).toEqual({ status: 403, reason: "WakerNotAllowed" });
  const token = makeToken();
  expect(await wake(operator, token, "{")).toMatchObject({ status: 400 });
  expect(await wake(operator, token, {})).toEqual({ status: 400, reason: "RequestMalformed" });
  expect(await wake(operator, token, { namespace: "tools", server: "other" })).toMatchObject({ status: 404 });
  expect(workload.replicas()).toBe(0);

  const answers = await Promise.all([wake(operator, token), wake(operator, token)]);
  expect(answers).toEqual([
    { status: 200, reason: "Woken" },
    { status: 200, reason: "Woken" },
  ]);
  expect(workload.replicas()).toBe(2);
  // It stays known as asleep until a pod is ready.
  expect(kept()).toHaveLength(1);
  await workload.settle();
  await waitFor("the end of what was kept", () => kept().length === 0);
  await waitFor("word of it", () => reasons().includes("Woken"));
  expect(workload.replicas()).toBe(2);
  const metrics = await operator.metrics();
  expect(metrics).toContain('outrigger_operator_wakes_total{result="woken"} 2');
  expect(metrics).toContain('outrigger_operator_wakes_total{result="waker_unverified"} 2');
});

it("survives the end of the operator; a replica that does not lead wakes as well", async () => {
  const { kube, start, kept } = await startRig();
  const workload = await makeWorkload(kube, { replicas: 1 });
  const first = await start();
  await waitFor("the workload at zero", () => workload.replicas() === 0);
  await workload.settle();
  await first.close();
  const second = await start();
  const third = await start();
  await waitFor("both to be ready", async () => (await second.readiness()) + (await third.readiness()) === 400);
  await waitFor("a leader", () => [second, third].some(({ log }) => log.some(({ msg }) => msg === "leading")));
  const follower = second.log.some(({ msg }) => msg === "leading") ? third : second;
  expect(kept()).toHaveLength(1);
  expect(await wake(follower, makeToken())).toMatchObject({ status: 200 });
  expect(workload.replicas()).toBe(1);
});

it("leaves a workload alone that is used, that it can't ask, or whose annotation is wrong, and tells its owner why", async () => {
  const { kube, start, kept, reasons } = await startRig();
  const used = await makeWorkload(kube, { name: "used", activity: { inFlight: 1, idleMs: 0 } });
  const once = await makeWorkload(kube, { name: "once" });
  once.controls[1]?.use({ inFlight: 0, idleMs: 5_000 });
  const wrong = await makeWorkload(kube, { name: "wrong", ttl: "5s" });
  const half = await makeWorkload(kube, { name: "half", bare: 1 });
  const older = await makeWorkload(kube, { name: "older", activity: undefined });
  await start();
  const told = ["InvalidAnnotation", "SidecarsMissing", "ActivityUnknown"];
  await waitFor("word of three", () => told.every((reason) => reasons().includes(reason)));
  // Each was looked at in the same run.
  expect([used, once, wrong, half, older].map(({ replicas }) => replicas())).toEqual([2, 2, 2, 2, 2]);
  expect(kept()).toEqual([]);
});

it("wakes a server whose owner takes the annotation away, and forgets one whose workload is gone", async () => {
  const { kube, start, kept, reasons } = await startRig();
  const changed = await makeWorkload(kube, { name: "changed" });
  const gone = await makeWorkload(kube, { name: "gone" });
  await start();
  await waitFor("both at zero", () => changed.replicas() === 0 && gone.replicas() === 0);
  await Promise.all([changed.settle(), gone.settle()]);
  gone.remove();
  await waitFor(
    "one to be forgotten",
    () =>
      kept()
        .map(({ server }) => server)
        .join() === "changed",
  );
  changed.annotate(undefined);
  await waitFor("the other to be woken", () => changed.replicas() === 2);
  expect(reasons()).toContain("Asleep");
  await changed.settle();
  await waitFor("nothing to be kept", () => kept().length === 0);
});

it("keeps nothing of a workload that changed while it was put to sleep, and tries again", async () => {
  const { kube, start, kept } = await startRig();
  const workload = await makeWorkload(kube);
  kube.fail({ on: "patch", path: /\/scale$/, status: 409, body: JSON.stringify({ reason: "Conflict" }) });
  const removals = (): number =>
    kube.seen.filter(({ kind, path }) => kind === "delete" && path.includes(asleepObject.namePrefix)).length;
  await start();
  await waitFor("what was kept to be taken back", () => removals() === 1);
  await waitFor("the workload at zero", () => workload.replicas() === 0);
  expect(kept()).toHaveLength(1);
});
