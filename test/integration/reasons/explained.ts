/** What `outrigger explain` says, as a process, of the same reviews that the webhook answered, and of pods of a cluster. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { keys } from "@outrigger/api/keys";
import type { Reason } from "@outrigger/api/reasons";
import { resources } from "@outrigger/kube";
import { runCommand } from "../../demo/stage/command.ts";
import type { FakeKube } from "../../fixtures/fake-kube/server.ts";
import type { FakePod } from "../../fixtures/fake-kube/store.ts";
import { ownNamespace } from "../../fixtures/operator.ts";
import { writeConfig } from "./doors.ts";
import { namespaceOf, type Way } from "./ways.ts";

/** The members of an explanation that name reasons. */
export interface Explained {
  readonly decision: {
    readonly action: string;
    readonly reason: string;
    readonly sentence: string;
    readonly code?: number;
  };
  readonly problems: readonly { readonly reason: string; readonly fix: string }[];
  readonly warnings: readonly { readonly reason: string }[];
}

/** Explains all reviews by one command for each configuration; the namespaces stand before them, so that labels choose the entry. */
export async function explainReviews(ways: readonly Way[], folder: string): Promise<ReadonlyMap<Reason, Explained>> {
  const explained = new Map<Reason, Explained>();
  const groups = Map.groupBy(ways, ({ config }) => JSON.stringify(config));
  for (const [config, group] of groups) {
    const documents = [...listNamespaces(), ...group.map(({ body }) => JSON.parse(body) as unknown)];
    const found = await explain(documents, ["--config", writeConfig(folder, JSON.parse(config) as object)]);
    group.forEach(({ reason }, index) => explained.set(reason, found[listNamespaces().length + index]!));
  }
  return explained;
}

/** Explains documents, given on the standard input. */
export async function explain(
  documents: readonly unknown[],
  args: readonly string[] = [],
): Promise<readonly Explained[]> {
  const stdin = documents.map((document) => `---\n${JSON.stringify(document)}\n`).join("");
  return read(await runCommand(["explain", "-f", "-", "--json", ...args], { stdin }));
}

/** Explains a pod of a cluster in which the webhook's Deployment, configuration and keys are. */
export async function explainInCluster(
  { pod, reason, namespace }: Way,
  { kube, folder }: { readonly kube: FakeKube; readonly folder: string },
): Promise<Explained> {
  const labels = { "app.kubernetes.io/part-of": "outrigger", "app.kubernetes.io/component": "webhook" };
  const metadata = { name: "outrigger-webhook", namespace: ownNamespace };
  kube.store.of(resources.deployments).set({ metadata: { ...metadata, labels } });
  kube.store.of(resources.configMaps).set({ metadata, data: { "injection.json": "{}" } });
  const name = reason.toLowerCase();
  // The golden cases' pods are pods.
  const { metadata: given, ...rest } = pod as FakePod;
  kube.store.set({ ...rest, metadata: { ...given, name, namespace } });
  kube.publish("/version", { major: "1", minor: "34", gitVersion: "v1.34.1" }, "application/json");
  const kubeconfig = writeKubeconfig(folder, kube.url);
  const args = ["explain", `pod/${name}`, "--namespace", namespace, "--kubeconfig", kubeconfig, "--json"];
  const [explained] = read(await runCommand(args));
  return explained!;
}

function listNamespaces(): readonly object[] {
  const labels = {
    [namespaceOf.pod]: {},
    [namespaceOf.namespace]: { [keys.inject.key]: "enabled" },
    [namespaceOf.enforced]: { [keys.enforce.key]: "required" },
  };
  return Object.entries(labels).map(([name, own]) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: own },
  }));
}

function writeKubeconfig(folder: string, server: string): string {
  const file = join(folder, "kubeconfig");
  const cluster = {
    clusters: [{ name: "fake", cluster: { server, "insecure-skip-tls-verify": true } }],
    users: [{ name: "me", user: {} }],
  };
  const contexts = [{ name: "fake", context: { cluster: "fake", user: "me" } }];
  writeFileSync(
    file,
    JSON.stringify({ apiVersion: "v1", kind: "Config", ...cluster, contexts, "current-context": "fake" }),
  );
  return file;
}

function read({ out, err }: { readonly out: string; readonly err: string }): readonly Explained[] {
  if (out === "") throw new Error(err);
  return (JSON.parse(out) as { readonly objects: readonly Explained[] }).objects;
}
