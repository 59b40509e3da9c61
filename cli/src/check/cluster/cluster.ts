/**
 * The API server as the check asks it: by the user's kubeconfig as kubectl reads it, one list or one object at a time. The
 * Kubernetes client is loaded here and nowhere else, since no other command needs it.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RawObject, Resource, SocketAccess } from "@outrigger/kube";
import { explainFailure, type Look } from "../look.ts";
import { readContext, type ClusterChoice } from "./kubectl.ts";
import { kinds } from "./resources.ts";

/** What is listed. Without `namespaces`, everywhere. */
export interface Listed<O extends RawObject, T> {
  readonly resource: Resource<O>;
  readonly namespaces?: readonly string[];
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly read: (object: O) => T;
}

/** One object; without `namespace` a cluster-wide one. */
export interface Named<O extends RawObject> {
  readonly resource: Resource<O>;
  readonly namespace?: string;
  readonly name: string;
}

/** Who is asked about, and what. `resource` may end with a subresource, as in `deployments/scale`. No `namespace`: in all. */
export interface Review {
  readonly user: string;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** What the API server says of itself. `nowMs` is its clock where it tells the time, else ours. */
export interface ServerVersion {
  readonly gitVersion: string;
  readonly nowMs: number;
}

/** A way to the API server. Nothing here rejects. */
export interface Cluster {
  readonly address: string;
  readonly version: () => Promise<
    | { readonly ok: true; readonly value: ServerVersion }
    | { readonly ok: false; readonly status?: number; readonly why: string }
  >;
  readonly list: <O extends RawObject, T>(wanted: Listed<O, T>) => Promise<Look<readonly T[]>>;
  readonly get: <O extends RawObject>(wanted: Named<O>) => Promise<Look<O>>;
  /** Its metadata alone: nothing of a Secret's content is sent. */
  readonly metadata: <O extends RawObject>(wanted: Named<O>) => Promise<Look<RawObject>>;
  /** Asks whether somebody is allowed something; nothing is changed by it. */
  readonly review: (asked: Review) => Promise<Look<boolean>>;
  readonly close: () => Promise<void>;
}

/** Opens the way. Rejects with a sentence where the configuration can't be read; `tempFolder` holds a chosen context for a moment. */
export async function openCluster(choice: ClusterChoice, tempFolder: string): Promise<Cluster> {
  const kube = await import("@outrigger/kube");
  const access = await openAccess(choice, tempFolder);
  const objects = kube.createObjects(access, { attempts: 2 });
  return {
    address: access.address,
    version: () => askVersion(access),
    list: async <O extends RawObject, T>({ resource, namespaces, read, ...selectors }: Listed<O, T>) => {
      const { promise, resolve } = Promise.withResolvers<Look<readonly T[]>>();
      const asked = {
        verb: "list",
        resource: resource.plural,
        ...(namespaces === undefined ? {} : { namespaces }),
      } as const;
      // The first list of a watch is complete; nothing after it is waited for.
      const watch = kube.watchObjects<O, T>({
        access,
        resource,
        ...selectors,
        ...(namespaces === undefined ? {} : { namespaces }),
        read,
        onChange: () => {
          if (watch.isSynced()) resolve({ ok: true, value: watch.list() });
        },
        onFailure: (failure) => resolve(explainFailure(failure, asked)),
        onHandlerError: (error) => resolve({ ok: false, why: String(error) }),
      });
      const seen = await promise;
      await watch.stop();
      return seen;
    },
    get: async (wanted) => {
      const { resource, namespace, name } = wanted;
      const outcome = await objects.get(wanted);
      if (outcome.ok) return { ok: true, value: outcome.object };
      const place = namespace === undefined ? {} : { namespaces: [namespace] };
      return explainFailure(outcome.failure, { verb: "get", resource: resource.plural, name, ...place });
    },
    metadata: async (wanted) => {
      const { resource, namespace, name } = wanted;
      const outcome = await kube.getMetadata(access, wanted, { attempts: 2 });
      if (outcome.ok) return { ok: true, value: outcome.object };
      const place = namespace === undefined ? {} : { namespaces: [namespace] };
      return explainFailure(outcome.failure, { verb: "get", resource: resource.plural, name, ...place });
    },
    review: async ({ namespace, ...asked }) => {
      // Who is at home in one namespace may ask about that one alone.
      const resource = namespace === undefined ? kinds.reviews : kinds.localReviews;
      const place = namespace === undefined ? {} : { namespace };
      const outcome = await objects.create({ resource, ...place }, { spec: toReviewSpec(asked, namespace) });
      if (outcome.ok) return { ok: true, value: outcome.object.status?.allowed === true };
      const places = namespace === undefined ? {} : { namespaces: [namespace] };
      return explainFailure(outcome.failure, { verb: "create", resource: resource.plural, ...places });
    },
    close: () => access.close(),
  };
}

function toReviewSpec({ user, verb, group, resource, name }: Review, namespace: string | undefined): object {
  const [plural, subresource] = resource.split("/");
  const resourceAttributes = { verb, group, resource: plural, subresource, namespace, name };
  return { user, groups: groupsOf(user), resourceAttributes };
}

/** Groups that the API server puts every ServiceAccount into. Source: Kubernetes authentication, service account tokens. */
function groupsOf(user: string): readonly string[] {
  const [, , namespace = ""] = user.split(":");
  return ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"];
}

/** The bare way to the API server. Rejects as {@link openCluster} does. */
export async function openAccess({ kubeconfig, context }: ClusterChoice, tempFolder: string): Promise<SocketAccess> {
  const { openClusterAccess } = await import("@outrigger/kube");
  if (context === undefined)
    return openClusterAccess({ mode: "kubeconfig", ...(kubeconfig === undefined ? {} : { file: kubeconfig }) });
  const text = await readContext({ context, ...(kubeconfig === undefined ? {} : { kubeconfig }) });
  const folder = await mkdtemp(join(tempFolder, "outrigger-check-"));
  try {
    const file = join(folder, "kubeconfig");
    await writeFile(file, text, { mode: 0o600 });
    return await openClusterAccess({ mode: "kubeconfig", file, named: kubeconfig ?? "the kubeconfig" });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const versionWithinMs = 10_000;

async function askVersion(access: SocketAccess): ReturnType<Cluster["version"]> {
  try {
    const signal = AbortSignal.timeout(versionWithinMs);
    const answer = await access.send({ path: "/version", signal, idleTimeoutMs: versionWithinMs });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) return { ok: false, status: answer.statusCode, why: `HTTP ${answer.statusCode}` };
    // The one member that is used is looked at.
    const { gitVersion } = (JSON.parse(text) ?? {}) as { gitVersion?: unknown };
    if (typeof gitVersion !== "string") return { ok: false, why: "it is no API server" };
    const { date } = answer.headers;
    const told = typeof date === "string" ? Date.parse(date) : Number.NaN;
    return { ok: true, value: { gitVersion, nowMs: Number.isNaN(told) ? Date.now() : told } };
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) };
  }
}
