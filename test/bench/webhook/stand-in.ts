/** An API server that stands in where the webhook is asked directly: it knows one namespace and its policy. */
import { resources } from "@outrigger/kube";
import { startFakeKube } from "../../fixtures/fake-kube/server.ts";
import type { Surroundings } from "./servers.ts";
import { describePolicy, optedIn, recordedNamespace } from "./surroundings.ts";

/** Opens it. */
export async function openStandIn(): Promise<Surroundings & { readonly close: () => Promise<void> }> {
  const kube = await startFakeKube();
  const ownNamespace = "outrigger-system";
  kube.store.of(resources.namespaces).set({ metadata: { name: recordedNamespace, labels: optedIn } });
  for (const each of await describePolicy(ownNamespace, [recordedNamespace]))
    kube.store.of(resources.configMaps).set({ ...each });
  return { kube: kube.url, ownNamespace, address: "127.0.0.1", close: kube.close };
}
