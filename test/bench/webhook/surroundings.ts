/** What the webhook has to know of a cluster to inject: which namespaces opt in, who signs policy, and the signed policy of each namespace. */
import { bundleType, type BundlePayload } from "@outrigger/api/bundle";
import { bundleObject, trustObject } from "@outrigger/api/cluster-objects";
import { keys } from "@outrigger/api/keys";
import { generateKeyPair, signCompact } from "@outrigger/runtime/jws";

/** A policy as an installation may have it: it makes a bundle of about 1 KB. */
const policy = {
  tools: { deny: ["delete_*", "drop_*", "admin_*"] },
  limits: [
    { name: "per-caller", per: ["Caller"], rate: "600/m" },
    { name: "searches", tools: ["search_*"], rate: "60/m" },
  ],
  sizes: { maxResponseBytes: 1_000_000 },
};

/** A ConfigMap of the operator. */
export interface ConfigMap {
  readonly apiVersion: "v1";
  readonly kind: "ConfigMap";
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly data: Readonly<Record<string, string>>;
}

/** The ConfigMaps that the operator would have written for namespaces. */
export async function describePolicy(
  ownNamespace: string,
  namespaces: readonly string[],
): Promise<readonly ConfigMap[]> {
  const { publicJwk, privateJwk } = await generateKeyPair();
  const configMap = (name: string, data: ConfigMap["data"], labels: Readonly<Record<string, string>>): ConfigMap => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: ownNamespace, labels },
    data,
  });
  const bundles = namespaces.map(async (namespace) => {
    const payload: BundlePayload = { format: 1, audience: { namespace }, version: 1, layers: [policy] };
    const text = await signCompact(JSON.stringify(payload), privateJwk, bundleType);
    const data = { [bundleObject.namespaceMember]: namespace, [bundleObject.policyMember]: text };
    return configMap(`policy-${namespace}`, data, { [bundleObject.label]: bundleObject.labelValue });
  });
  const trust = { [trustObject.publicMember]: JSON.stringify({ keys: [publicJwk] }) };
  return [configMap("outrigger-trust", trust, {}), ...(await Promise.all(bundles))];
}

/** The label by which a namespace opts in. */
export const optedIn = { [keys.inject.key]: "enabled" };

/** The namespace whose reviews were recorded. */
export const recordedNamespace = "bench-tools";
