/**
 * Webhook, operator and sidecar of different versions: what one webhook injects is run by a sidecar of either version and gets the
 * policy that an operator of either version signs. Every mixture that an upgrade or a rollback passes through, on a fake API server.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleObject, trustObject } from "@outrigger/api/cluster-objects";
import { keys } from "@outrigger/api/keys";
import { resources } from "@outrigger/kube";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { startEverything, type HttpServer } from "../demo/stage/http-servers.ts";
import { repositoryEnvironment } from "../demo/stage/root.ts";
import { startFakeKube, type FakeKube } from "../fixtures/fake-kube/server.ts";
import { connectLegacy, textOf } from "../fixtures/mcp-clients.ts";
import { makePolicy, ownNamespace, setNamespace, startOperator } from "../fixtures/operator.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { useReleases, type Age } from "./skew-releases.ts";
import { applyInjection, askPod, podIp, startSidecar, type InjectedPod } from "./webhook-pod.ts";
import { getAdmin, post, reviewOf, startWebhook } from "./webhook-process.ts";

const programOf = useReleases();
const firstPolicy = "tools: { deny: [get-sum] }";
const nextPolicy = "servers: { tools/search: { tools: { allow: [get-sum] } } }";

let everything: HttpServer;
beforeAll(async () => {
  everything = await startEverything(repositoryEnvironment());
});
afterAll(() => everything.stop());

/** An operator with the installation's policy; gives the way to change it. */
async function startSigning(age: Age, kube: FakeKube): Promise<(policy: string) => void> {
  const { name, write } = makePolicy(kube, firstPolicy);
  const operator = await startOperator(programOf(age, "operator"), kube, ["--policy", name]);
  onTestFinished(() => operator.close());
  await waitFor("the namespace's bundle", () => bundleOf(kube));
  return write;
}

/** The named member of an object that the operator keeps. */
function memberOf(kube: FakeKube, name: string, member: string): string | undefined {
  const object = kube.store.of(resources.configMaps).get(ownNamespace, name);
  return (object?.["data"] as Readonly<Record<string, string>> | undefined)?.[member];
}

const bundleOf = (kube: FakeKube): string | undefined =>
  memberOf(kube, "outrigger-bundle-tools", bundleObject.policyMember);

/** The pod of the server as a webhook answers for it, with ports that are free. */
async function injectBy(age: Age, kube: FakeKube): Promise<InjectedPod> {
  const folder = makeTestFolder("webhook");
  const config = join(folder, "config.json");
  const ports = { data: await findFreePort(), control: await findFreePort(), admin: await findFreePort() };
  writeFileSync(config, JSON.stringify({ ownNamespace, ports }));
  const from = ["--kube", kube.url, "--namespace", ownNamespace, "--config", config];
  const webhook = await startWebhook(folder, from, { program: programOf(age, "webhook") });
  onTestFinished(() => webhook.stop());
  await waitFor("the webhook to be ready", async () => (await getAdmin(webhook, "/readyz")).status === 200);
  const containerPort = Number(new URL(everything.url).port);
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "search", labels: { [keys.inject.key]: "enabled" }, annotations: {} },
    spec: { containers: [{ name: "app", image: "x", ports: [{ containerPort }] }] },
  };
  const { response } = JSON.parse((await post(webhook, "/mutate/pod", reviewOf(pod))).body) as {
    response: { patch?: string; status?: object };
  };
  if (response.patch === undefined) throw new Error(`not injected: ${JSON.stringify(response.status)}`);
  return applyInjection(pod, JSON.parse(Buffer.from(response.patch, "base64").toString("utf8")));
}

/** The injected pod as it then stands in the cluster. */
function storePod(kube: FakeKube, pod: InjectedPod): void {
  const running = { phase: "Running", podIPs: [{ ip: podIp }], conditions: [{ type: "Ready", status: "True" }] };
  const metadata = { ...pod.metadata, name: "search", namespace: "tools", creationTimestamp: new Date().toISOString() };
  kube.store.set({ ...pod, metadata, status: running });
}

/** What a client gets of two tools: the answer's text, or "refused". */
async function askTools(pod: InjectedPod): Promise<readonly string[]> {
  const [sidecar] = pod.spec.initContainers;
  const port = /^pod:(\d+)/.exec(sidecar?.env.find(({ name }) => name === "OUTRIGGER_LISTEN")?.value ?? "")?.[1];
  const client = await connectLegacy(`http://${podIp}:${port ?? ""}/mcp`);
  const call = (name: string, values: Record<string, unknown>): Promise<string> =>
    client.callTool({ name, arguments: values }).then(textOf, () => "refused");
  const answers = [await call("echo", { message: "x" }), await call("get-sum", { a: 1, b: 2 })];
  await client.close();
  return answers.map((text) => /Echo: x|\b3\b|refused/.exec(text)?.[0] ?? text);
}

/** How the kubelet's call of the preStop hook is answered; undefined where there is none. */
async function askStopHook(pod: InjectedPod): Promise<number | undefined> {
  const [app] = pod.spec.containers;
  // Of the fields of a container that only this test looks at.
  const { lifecycle } = app as { lifecycle?: { preStop?: { httpGet: { path: string; port: number } } } };
  const hook = lifecycle?.preStop?.httpGet;
  return hook === undefined ? undefined : askPod(hook.port, hook.path);
}

describe.each<Record<"webhook" | "sidecar" | "operator", Age>>([
  { webhook: "old", sidecar: "old", operator: "present" },
  { webhook: "old", sidecar: "present", operator: "present" },
  { webhook: "present", sidecar: "old", operator: "present" },
  { webhook: "present", sidecar: "present", operator: "old" },
  { webhook: "present", sidecar: "old", operator: "old" },
  { webhook: "old", sidecar: "present", operator: "old" },
])("a pod of the $webhook webhook with the $sidecar sidecar under the $operator operator", (ages) => {
  it("starts, enforces the signed policy from its first second, and follows its changes", async () => {
    const kube = await startFakeKube();
    onTestFinished(() => kube.close());
    setNamespace(kube, "tools", { [keys.inject.key]: "enabled" });
    const setPolicy = await startSigning(ages.operator, kube);
    const pod = await injectBy(ages.webhook, kube);
    expect(pod.metadata.annotations[keys.policy.key]).toBe(bundleOf(kube));
    const { env, errors } = await startSidecar(pod, (path) => path, { program: programOf(ages.sidecar, "sidecar") });
    expect(env["OUTRIGGER_TRUST_KEYS"]).toBe(memberOf(kube, "outrigger-trust", trustObject.publicMember));
    expect(await askTools(pod)).toEqual(["Echo: x", "refused"]);

    storePod(kube, pod);
    setPolicy(nextPolicy);
    const next = await waitFor("the server's own policy", () => {
      const text = kube.store.of(resources.pods).get("tools", "search")?.metadata.annotations?.[keys.policy.key];
      return text === pod.metadata.annotations[keys.policy.key] ? undefined : text;
    });
    // As the kubelet does with the annotation.
    writeFileSync(join(env["OUTRIGGER_POD_INFO"] ?? "", "policy"), next);
    const follows = async (): Promise<boolean> => (await askTools(pod)).join() === "refused,3";
    await waitFor("the sidecar to enforce it", follows, 20_000);
    expect(errors()).toBe("");
    // The hook came after the old release: a pod of its webhook has none, and its sidecar has nothing to wait for.
    const expected = ages.sidecar === "old" ? 404 : 200;
    expect(await askStopHook(pod)).toBe(ages.webhook === "old" ? undefined : expected);
  });
});
