/** Whether what a controller was told, when it could not make a pod, is about us. Pure. */
import { admissionEntrySuffix } from "@outrigger/api/cluster-objects";
import { sidecarName } from "@outrigger/webhook/inject";

const byWebhook = new RegExp(`webhook "[a-z0-9.-]*${admissionEntrySuffix.replaceAll(".", "\\.")}"`);
/** The names of the chart's policies end like this. */
const byPolicy = /ValidatingAdmissionPolicy '[a-z0-9.-]*-admission-(injection|pods|debug)'/;

/** True where the webhook or one of our admission policies said no, or somebody who names the sidecar, such as a quota. */
export function isOursToTell(message: string): boolean {
  return byWebhook.test(message) || byPolicy.test(message) || message.includes(sidecarName);
}
