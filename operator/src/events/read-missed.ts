/** Reads a pod that does not carry the sidecar, as far as it may have to be told of. Pure. */
import { keys } from "@outrigger/api/keys";
import type { RawOwner, RawPod } from "@outrigger/kube";
import { readIdentity } from "../cluster/identity.ts";
import { isLeaving } from "../cluster/injected-pod.ts";

/** A pod without the sidecar that is neither finished, leaving nor static. */
export interface MissedPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** The value of its label `inject`. */
  readonly inject: string | undefined;
  /** It is nothing but the sidecar itself, so it needs no other. */
  readonly isRelay: boolean;
  readonly controller: RawOwner | undefined;
}

/** Reads a pod without the label `injected=true`; undefined where there is nothing to tell. */
export function readMissedPod(pod: RawPod): MissedPod | undefined {
  const identity = readIdentity(pod);
  if (identity === undefined || isLeaving(pod)) return undefined;
  const { uid, namespace, name, labels, annotations, controller } = identity;
  const isStatic = annotations["kubernetes.io/config.mirror"] !== undefined;
  if (isStatic) return undefined;
  return { uid, namespace, name, inject: labels[keys.inject.key], isRelay: isRelay(pod), controller };
}

/** A pod that is nothing but the sidecar's image with its own program. Only what is told depends on this, never what is guarded. */
function isRelay({ spec }: RawPod): boolean {
  const [only, ...more] = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  if (only === undefined || more.length > 0 || only.command !== undefined || only.args !== undefined) return false;
  return /(^|\/)outrigger-sidecar([:@]|$)/.test(only.image ?? "");
}
