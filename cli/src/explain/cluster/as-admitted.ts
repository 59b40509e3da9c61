/** A pod as admission left it: without what was found out about it afterwards, which the webhook would take away from a new one. Pure. */
import { keys } from "@outrigger/api/keys";
import { isObject, readObject } from "@outrigger/webhook/inject";

/** The pod without the annotation that the operator writes once it has looked for ways round the sidecar. */
export function asAdmitted(pod: unknown): unknown {
  if (!isObject(pod)) return pod;
  const metadata = readObject(pod, "metadata");
  const kept = Object.entries(readObject(metadata, "annotations")).filter(([key]) => key !== keys.enforced.key);
  return { ...pod, metadata: { ...metadata, annotations: Object.fromEntries(kept) } };
}
