/** Reads whom the entries of the installation's webhook configurations trust. A further kind of configuration is one more row. */
import { admissionEntrySuffix, registrationObject, validationEntrySuffix } from "@outrigger/api/cluster-objects";
import { splitPem } from "@outrigger/certs/facts";
import type { Resource } from "@outrigger/kube";
import type { Cluster } from "../../check/cluster/cluster.ts";
import { kinds, type RawConfiguration } from "../../check/cluster/resources.ts";
import type { Release } from "../../check/facts.ts";
import type { Look } from "../../check/look.ts";
import type { ConfigurationFacts } from "../facts.ts";

/** A kind of webhook configuration whose entries lead to the webhook; the names of ours end alike. */
interface ConfigurationKind {
  readonly resource: Resource<RawConfiguration>;
  readonly suffix: string;
}

const configurationKinds: readonly ConfigurationKind[] = [
  { resource: kinds.configurations, suffix: admissionEntrySuffix },
  { resource: kinds.validatingConfigurations, suffix: validationEntrySuffix },
];

/** All of them; none is an answer, too. */
export async function readConfigurations(
  cluster: Cluster,
  release: Release,
): Promise<Look<readonly ConfigurationFacts[]>> {
  const found: ConfigurationFacts[] = [];
  for (const kind of configurationKinds) {
    const look = await cluster.list({
      resource: kind.resource,
      read: (configuration) => readConfiguration(kind, configuration, release),
    });
    if (!look.ok) return look;
    found.push(...look.value.filter((each) => each !== undefined));
  }
  return { ok: true, value: found };
}

function readConfiguration(
  { resource: { kind }, suffix }: ConfigurationKind,
  { metadata = {}, webhooks = [] }: RawConfiguration,
  { namespace }: Release,
): ConfigurationFacts | undefined {
  const ours = webhooks.filter(
    ({ name, clientConfig }) => name?.endsWith(suffix) === true && clientConfig?.service?.namespace === namespace,
  );
  const [first] = ours;
  if (first === undefined) return undefined;
  return {
    kind,
    name: metadata.name ?? "",
    source: metadata.annotations?.[registrationObject.trustFrom],
    host: `${first.clientConfig?.service?.name ?? ""}.${namespace}.svc`,
    entries: ours.map(({ name = "", clientConfig }) => ({
      name,
      trusted: splitPem(Buffer.from(clientConfig?.caBundle ?? "", "base64").toString("utf8")),
    })),
  };
}
