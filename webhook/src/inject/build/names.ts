/** Names of what injection puts into a pod. No user may use the prefix. */

/** Prefix of every container, volume, mount and port name of ours. */
export const reservedPrefix = "outrigger-";
/** The native sidecar. */
export const sidecarName = "outrigger-sidecar";
/** An empty volume over the place of the API token, so that the sidecar has none. */
export const noTokenVolume = "outrigger-no-token";
