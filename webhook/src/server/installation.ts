/** Where a review learns who signs policy and what is signed for a namespace. A source answers from memory. */
import type { InstallationState } from "../inject/installation.ts";

/** Knows the installation. `find` gives undefined where trust keys are required and not known yet. */
export interface InstallationSource {
  readonly find: (namespace: string) => InstallationState | undefined;
}

/** An installation that signs no policy: a webhook that runs without a cluster. */
export const unsignedInstallation: InstallationSource = { find: () => ({}) };
