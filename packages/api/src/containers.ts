/** Names of the containers that injection puts into a pod, where more than the webhook has to know them. */

/** The native sidecar, an init container. */
export const sidecarName = "outrigger-sidecar";
