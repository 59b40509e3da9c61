/** Names of what injection puts into a pod, but for those of packages/api. No user may use the prefix. */

/** Prefix of every container, volume, mount and port name of ours. */
export const reservedPrefix = "outrigger-";
/** An empty volume over the place of the API token, so that the sidecar has none. */
export const noTokenVolume = "outrigger-no-token";
/** What the kubelet tells the sidecar of its pod: the annotations that policy comes from. */
export const configVolume = "outrigger-config";
/** The init container that copies the stdio shim, and the volume that it copies it to. */
export const shimInstallerName = "outrigger-shim-install";
export const shimVolume = "outrigger-shim";
/** Where a stdio server's socket stands; only the app and the sidecar mount it. */
export const runVolume = "outrigger-run";
