/**
 * Decides which provider is used: the one that the environment names; else a cluster that was given; else one that is up already;
 * else the first that can be started here, in the order local, k3s.
 */
import type { ClusterProvider, Environment, ProviderName } from "./provider.ts";
import { createExistingProvider } from "./providers/existing.ts";
import { createK3sProvider } from "./providers/k3s.ts";
import { createLocalProvider } from "./providers/local/provider.ts";

/** The provider, or why there is none: one line per provider. */
export type Choice =
  | { readonly ok: true; readonly provider: ClusterProvider }
  | { readonly ok: false; readonly reasons: readonly string[] };

/** Makes every provider, in the order in which they are asked. */
export function createProviders(env: Environment): readonly ClusterProvider[] {
  const local = createLocalProvider(env);
  const k3s = createK3sProvider(env);
  // `up` tells people to export the path of our own kubeconfig: that must not turn our cluster into somebody else's.
  const existing = createExistingProvider(env, { ownKubeconfigs: [local.kubeconfig, k3s.kubeconfig] });
  return [existing, local, k3s];
}

/** Chooses among providers. Throws where `OUTRIGGER_CLUSTER_PROVIDER` names none of them. */
export async function chooseProvider(env: Environment, providers = createProviders(env)): Promise<Choice> {
  const wanted = env["OUTRIGGER_CLUSTER_PROVIDER"];
  const candidates = wanted === undefined || wanted === "" ? providers : [findProvider(providers, wanted)];
  const reasons: string[] = [];
  const usable: ClusterProvider[] = [];
  for (const provider of candidates) {
    const availability = await provider.checkAvailable();
    if (availability.isAvailable) usable.push(provider);
    else reasons.push(`${provider.name.padEnd(8)} ${availability.reason}`);
  }
  const [first] = usable;
  if (first === undefined) return { ok: false, reasons };
  const isSettled = first.name === "existing" || usable.length === 1;
  return { ok: true, provider: isSettled ? first : ((await findUp(usable)) ?? first) };
}

/** The provider of that name. Throws where there is none. */
export function findProvider(providers: readonly ClusterProvider[], name: string): ClusterProvider {
  const found = providers.find((provider) => provider.name === (name as ProviderName));
  if (found !== undefined) return found;
  const names = providers.map((provider) => provider.name).join(", ");
  throw new Error(`OUTRIGGER_CLUSTER_PROVIDER: there is no provider "${name}"; there are: ${names}`);
}

async function findUp(providers: readonly ClusterProvider[]): Promise<ClusterProvider | undefined> {
  for (const provider of providers) {
    if (await provider.isUp()) return provider;
  }
  return undefined;
}
