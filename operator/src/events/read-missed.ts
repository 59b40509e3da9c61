/** Reads a pod that does not carry the sidecar, as far as it may have to be told of. Pure. */
import { keys } from "@outrigger/api/keys";
import type { RawOwner, RawPod } from "@outrigger/kube";
import { readIdentity } from "../cluster/identity.ts";
import { isLeaving } from "../cluster/injected-pod.ts";

/** A pod without the sidecar that is neither finished, leaving, static nor a relay. */
export interface MissedPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** The value of its label `inject`. */
  readonly inject: string | undefined;
  readonly controller: RawOwner | undefined;
}

/** Reads a pod without the label `injected=true`; undefined where there is nothing to tell. */
export function readMissedPod(pod: RawPod): MissedPod | undefined {
  const identity = readIdentity(pod);
  if (identity === undefined || isLeaving(pod) || isRelay(pod)) return undefined;
  const { uid, namespace, name, labels, annotations, controller } = identity;
  const isStatic = annotations["kubernetes.io/config.mirror"] !== undefined;
  return isStatic ? undefined : { uid, namespace, name, inject: labels[keys.inject.key], controller };
}

/** A pod that is nothing but the sidecar's image. Only what is told depends on this, never what is guarded. */
function isRelay({ spec }: RawPod): boolean {
  const [only, ...more] = spec?.containers ?? [];
  if (more.length > 0 || (spec?.initContainers ?? []).length > 0) return false;
  return /(^|\/)outrigger-sidecar([:@]|$)/.test(only?.image ?? "");
}
