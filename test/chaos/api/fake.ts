/** The stand-in for an API server where none is installed: it goes away in the same ways, but has no store of its own to lose. */
import { startFakeKube } from "../../fixtures/fake-kube/server.ts";
import { describePod, describeStatus, podNamespace, type ApiServer } from "./api-server.ts";

/** Starts it. */
export async function startFakeApi(): Promise<ApiServer> {
  const kube = await startFakeKube();
  const names = new Set<string>();
  let end = (): void => undefined;
  let born = 0;
  const beAway = (status: "hang" | "reset"): void => {
    end();
    end = kube.failWhile(() => ({ status }));
    // One that stands still says nothing on its watches either: with the fake they end, which is told sooner.
    kube.dropWatches();
  };
  return {
    flags: ["--kube", kube.url],
    env: {},
    putPod: (pod) => {
      const { metadata, ...object } = describePod(pod);
      const known = kube.store.of(pods).get(podNamespace, pod.name)?.metadata;
      const { uid = `uid-${++born}`, creationTimestamp = new Date(Date.now()).toISOString() } = known ?? {};
      kube.store.set({ ...object, metadata: { ...metadata, uid, creationTimestamp }, status: describeStatus(pod) });
      names.add(pod.name);
      return Promise.resolve();
    },
    removePod: (name) => {
      names.delete(name);
      kube.store.remove(podNamespace, name);
      return Promise.resolve();
    },
    freeze: () => beAway("hang"),
    thaw: () => end(),
    kill: () => {
      beAway("reset");
      return Promise.resolve();
    },
    start: (store) => {
      if (store === "new") for (const name of names) kube.store.remove(podNamespace, name);
      kube.store.forget();
      end();
      return Promise.resolve();
    },
    close: kube.close,
  };
}

const pods = { group: "", plural: "pods" };
