/**
 * What discovery finds: sidecars to dial, servers that sleep, and things that look like servers but can't be dialled, each with its reason.
 * A source knows one place to look; who reads it gets the whole set at every change, never a difference.
 */
import type { AsleepServer } from "@outrigger/api/asleep";
import type { Enforced } from "@outrigger/api/enforced";
import type { RoutingWishes } from "@outrigger/api/routing";
import type { Transport } from "@outrigger/api/words";
import type { Reason } from "@outrigger/api/reasons";

/** Where a server comes from. */
export type Origin = "ConfigMap" | "File" | "Injected" | "Service";

/** One sidecar. `key` is unique over all sources and stays the same as long as it is the same sidecar. */
export interface DiscoveredSidecar {
  readonly key: string;
  readonly namespace: string;
  readonly server: string;
  readonly group: string;
  /** Address of the MCP endpoint that the sidecar serves. */
  readonly dataUrl: string;
  /** Base address of the control port, without a path. */
  readonly controlUrl: string;
  readonly labels: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly origin: Origin;
  /** How the server behind the sidecar speaks, where somebody said it; what its sidecar found out stands in the feed. */
  readonly transport?: Transport;
  readonly image?: string;
  /** How its owner wants calls spread; absent where the place says nothing of it. */
  readonly routing?: RoutingWishes;
  /** Sent with every request to the data port. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether a way round the sidecar was found; absent where nobody looked. */
  readonly enforced?: Enforced;
  /** False where the place it was found in says that it should get no calls now. */
  readonly isReady: boolean;
}

/** Something that was found and can't be dialled. */
export interface DiscoveryProblem {
  readonly key: string;
  readonly namespace: string;
  readonly server: string;
  /** Absent where the place tells of none. */
  readonly group?: string;
  readonly reason: Extract<Reason, "NotInjected" | "EndpointInvalid" | "Starting">;
  readonly message: string;
  readonly createdAt: string;
  readonly origin: Origin;
  readonly labels: Readonly<Record<string, string>>;
}

/** Why a sidecar is dialled no more. */
export type GoneReason = Extract<Reason, "PodDeleted" | "PodNotListed" | "PodEnded" | "EntryRemoved">;

/** A sidecar that is dialled no more, and why: it is gone, or it can't be dialled as it is now. */
export interface GoneSidecar {
  readonly sidecar: DiscoveredSidecar;
  readonly reason: GoneReason | DiscoveryProblem["reason"];
}

/** Everything that a source knows at one moment. `fault`: why the source itself can't be read; the sets are then older. */
export interface DiscoveredSet {
  readonly sidecars: readonly DiscoveredSidecar[];
  readonly problems: readonly DiscoveryProblem[];
  /** Servers that sleep, each once; absent where the place knows of none. */
  readonly asleep?: readonly AsleepServer[];
  readonly fault?: string;
}

/** One place to look. `start` resolves once looking has begun; `onSet` is called with the first set and at every change. */
export interface DiscoverySource {
  readonly name: "asleep" | "config-map" | "file" | "pods" | "services";
  readonly start: (onSet: (set: DiscoveredSet) => void) => Promise<void>;
  /** True once the place was read completely, or could not be read and says so. */
  readonly isSynced: () => boolean;
  /** Why a sidecar is gone that the last set no longer has, where the place knows. */
  readonly whyGone?: (key: string) => GoneReason | undefined;
  readonly stop: () => Promise<void>;
}
