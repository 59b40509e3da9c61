/** For tests of rights: what a ServiceAccount may do, asked with a token of its own. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { sendToCluster } from "../../ask-cluster.ts";
import { release } from "../../product/install.ts";

/** A right: `verb group/resource`, with the name in brackets where it is for one object. */
type Right = string;

interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** Rights that everybody has: to ask who one is and what one may do. */
const ofEverybody = ["authorization.k8s.io", "authentication.k8s.io"];

/** A ServiceAccount. */
export interface Account {
  readonly namespace: string;
  readonly name: string;
}

/** Has a token made for an account, as `kubectl create token` does; without an audience it is one for the API server. */
export async function requestToken(
  kubeconfig: string,
  { namespace, name }: Account,
  audience?: string,
): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const spec = { expirationSeconds: 600, ...(audience === undefined ? {} : { audiences: [audience] }) };
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec };
  const answer = await sendToCluster(kubeconfig, { method: "POST", path, body });
  return (JSON.parse(answer) as { status: { token: string } }).status.token;
}

/** Writes a kubeconfig into a folder with which requests come from an account of the release, and gives its path. */
export async function logInAs(kubeconfig: string, account: string, folder: string): Promise<string> {
  const token = await requestToken(kubeconfig, { namespace: release.namespace, name: account });
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error("the kubeconfig names no current cluster");
  config.loadFromClusterAndUser(cluster, { name: account, token });
  const file = join(folder, `${account}.kubeconfig`);
  await writeFile(file, config.exportConfig(), { mode: 0o600 });
  return file;
}

/** All that whoever asks may do in a namespace with objects of the API, in order. */
export async function listRights(kubeconfig: string, namespace: string): Promise<readonly Right[]> {
  const path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
  const body = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectRulesReview", spec: { namespace } };
  const answer = await sendToCluster(kubeconfig, { method: "POST", path, body });
  const { resourceRules } = (JSON.parse(answer) as { status: { resourceRules: readonly Rule[] } }).status;
  return [...new Set(resourceRules.flatMap((rule) => spell(rule)))].sort();
}

function spell({ verbs, apiGroups, resources, resourceNames = [] }: Rule): readonly Right[] {
  const names = resourceNames.length === 0 ? [""] : resourceNames.map((name) => ` [${name}]`);
  return apiGroups
    .filter((group) => !ofEverybody.includes(group))
    .flatMap((group) => resources.map((resource) => (group === "" ? resource : `${group}/${resource}`)))
    .flatMap((resource) => verbs.flatMap((verb) => names.map((name) => `${verb} ${resource}${name}`)));
}

/** True where whoever asks may do something with all objects of a kind, in all namespaces. */
export async function may(kubeconfig: string, verb: string, resource: string): Promise<boolean> {
  const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  const spec = { resourceAttributes: { verb, resource } };
  const body = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec };
  const answer = await sendToCluster(kubeconfig, { method: "POST", path, body });
  return (JSON.parse(answer) as { status: { allowed: boolean } }).status.allowed;
}
