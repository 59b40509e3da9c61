/**
 * Second stage of bundles: which signed texts are to stand in which ConfigMap and on which pod, and what differs. Equal input
 * gives equal texts, because Ed25519 signatures are deterministic; so a text that is right is recognised by signing again,
 * and nothing gets a new version unless the policy changed. Stage before: observe.ts, next: apply.ts.
 */
import { bundleLimits, type BundleAudience, type BundlePayload } from "@outrigger/api/bundle";
import type { PrivateJwk } from "@outrigger/runtime/jws";
import { toCanonical } from "../cluster/canonical.ts";
import { digestOf, type InjectedPod } from "../cluster/injected-pod.ts";
import type { BundleFacts } from "../cluster/own-objects.ts";
import { layersOf, serversOf } from "../policy/read-policy.ts";
import { chooseKey, chooseNamespaceKey } from "../trust/reconcile.ts";
import type { ObservedBundles } from "./observe.ts";

/** Signs a payload; the same text for the same arguments. */
export type Sign = (payload: BundlePayload, key: PrivateJwk) => Promise<string>;

/** A policy that is larger than a pod can carry. */
export interface TooLarge {
  readonly namespace: string;
  readonly server: string | undefined;
  readonly chars: number;
}

/** What is to be done, in this order. */
export interface BundlePlan {
  readonly writes: readonly { readonly namespace: string; readonly text: string; readonly state: string }[];
  readonly patches: readonly { readonly pod: InjectedPod; readonly text: string }[];
  readonly removals: readonly { readonly name: string; readonly uid: string }[];
  readonly tooLarge: readonly TooLarge[];
  /** Pods that trust none of our keys. */
  readonly unsigned: number;
}

/** Names and times. `settleMs`: how long the news of a new key may take to every webhook replica. */
export interface BundleOptions {
  readonly prefix: string;
  readonly settleMs: number;
}

const dayMs = 86_400_000;

/** The name of a namespace's ConfigMap. */
export function nameBundle(prefix: string, namespace: string): string {
  return `${prefix}-${namespace}`;
}

/** Plans. Cost: one signature per distinct text; pods that carry the right one are recognised by its digest. */
export async function reconcileBundles(
  observed: ObservedBundles,
  sign: Sign,
  options: BundleOptions,
): Promise<BundlePlan> {
  const published = new Map(observed.published.map((bundle) => [bundle.name, bundle]));
  const podsOf = Map.groupBy(observed.pods, (pod) => pod.namespace);
  const key = chooseNamespaceKey(observed.keys, observed.nowMs, options.settleMs);
  const plans = observed.guarded.map(async (namespace) => {
    const found = published.get(nameBundle(options.prefix, namespace));
    const pods = podsOf.get(namespace) ?? [];
    return planNamespace({ namespace, found, pods, key, observed, sign });
  });
  const planned = await Promise.all(plans);
  const wanted = new Set(observed.guarded.map((namespace) => nameBundle(options.prefix, namespace)));
  return {
    writes: planned.flatMap(({ writes }) => writes),
    patches: planned.flatMap(({ patches }) => patches),
    removals: observed.published.filter(({ name }) => !wanted.has(name)).map(({ name, uid }) => ({ name, uid })),
    tooLarge: planned.flatMap(({ tooLarge }) => tooLarge),
    unsigned: planned.reduce((sum, { unsigned }) => sum + unsigned, 0),
  };
}

interface NamespaceInput {
  readonly namespace: string;
  readonly found: BundleFacts | undefined;
  readonly pods: readonly InjectedPod[];
  readonly key: PrivateJwk;
  readonly observed: ObservedBundles;
  readonly sign: Sign;
}

type NamespacePlan = Omit<BundlePlan, "removals">;

async function planNamespace(input: NamespaceInput): Promise<NamespacePlan> {
  const { namespace, found, key, observed, sign } = input;
  const { policy } = observed;
  const servers = serversOf(policy, namespace);
  const layers = layersOf(policy, namespace);
  const own = servers.map((server) => [server, policy.servers.get(`${namespace}/${server}`)]);
  // All servers of a namespace share its version, so that a pod's own policy is never older than the one it started with.
  const vouched = nameAssertionKeys(observed);
  const state = digestOf(toCanonical([layers, own, ...(vouched.assertionKeys ?? [])]));
  const version = chooseVersion(input, state);
  const text = await sign({ format: 1, audience: { namespace }, version, layers, ...vouched }, key);
  if (text.length > bundleLimits.maxChars) {
    return { writes: [], patches: [], tooLarge: [{ namespace, server: undefined, chars: text.length }], unsigned: 0 };
  }
  const isThere = found?.digest === digestOf(text) && found.state === state && found.namespace === namespace;
  const rest = await planPods(input, version, new Set(servers));
  return { ...rest, writes: isThere ? [] : [{ namespace, text, state }] };
}

/** Absent where nobody vouches: a policy without the member is the one that sidecars of every version read. */
function nameAssertionKeys({ assertionKeys }: ObservedBundles): Pick<BundlePayload, "assertionKeys"> {
  return assertionKeys === undefined ? {} : { assertionKeys };
}

/** The version that is published while the policy is the same, else one above everything that pods may have seen. */
function chooseVersion({ found, pods, observed: { nowMs } }: NamespaceInput, state: string): number {
  if (found?.version !== undefined && found.state === state) return found.version;
  // A pod's annotation is not proof of anything; a version far ahead of the clock is not ours.
  const seen = pods.flatMap(({ policy }) => policy?.version ?? []).filter((version) => version < nowMs + dayMs);
  return Math.max(nowMs, ...[...seen, found?.version ?? 0].map((version) => version + 1));
}

async function planPods(
  { namespace, pods, observed, sign }: NamespaceInput,
  version: number,
  withOwnPolicy: ReadonlySet<string>,
): Promise<Omit<NamespacePlan, "writes">> {
  const patches: { pod: InjectedPod; text: string }[] = [];
  const tooLarge = new Map<string, TooLarge>();
  const digests = new Map<string, Promise<string>>();
  let unsigned = 0;
  for (const pod of pods) {
    // Without a pinned key the installation signs nothing for this pod.
    if (pod.pinnedKeys.length === 0) continue;
    const key = chooseKey(observed.keys, pod.pinnedKeys);
    if (key === undefined) {
      unsigned++;
      continue;
    }
    const server = withOwnPolicy.has(pod.server) ? pod.server : undefined;
    const audience: BundleAudience = server === undefined ? { namespace } : { namespace, server };
    const layers = layersOf(observed.policy, namespace, server);
    const payload = { format: 1, audience, layers, ...nameAssertionKeys(observed) } as const;
    if (await carries(pod, payload, { observed, sign, digests })) continue;
    const text = await sign({ ...payload, version }, key);
    if (text.length > bundleLimits.maxChars) {
      tooLarge.set(server ?? "", { namespace, server, chars: text.length });
    } else patches.push({ pod, text });
  }
  return { patches, tooLarge: [...tooLarge.values()], unsigned };
}

interface Recognition extends Pick<NamespaceInput, "observed" | "sign"> {
  /** Digests of texts of this namespace by key, server and version: pods of one server ask for the same one. */
  readonly digests: Map<string, Promise<string>>;
}

/** Whether the pod carries this policy already, in whatever version and by whichever of its keys it was signed. */
async function carries(
  { policy, pinnedKeys }: InjectedPod,
  payload: Omit<BundlePayload, "version">,
  { observed, sign, digests }: Recognition,
): Promise<boolean> {
  const version = policy?.version;
  if (version === undefined) return false;
  const { current, previous } = observed.keys;
  for (const key of [current, previous]) {
    if (key === undefined || !pinnedKeys.includes(key.kid)) continue;
    const id = JSON.stringify([key.kid, payload.audience.server, version]);
    const digest = digests.get(id) ?? sign({ ...payload, version }, key).then(digestOf);
    digests.set(id, digest);
    if ((await digest) === policy?.digest) return true;
  }
  return false;
}
