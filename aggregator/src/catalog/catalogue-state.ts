/** How reading a server's lists went, last and last well, from what its sidecars say and what became of fetching it here. Pure. */
import type { Reason } from "@outrigger/api/reasons";
import type { SidecarView } from "./view.ts";

/** Times RFC 3339. `listedAt`: when an attempt succeeded last; absent where none has, or nobody knows. */
export interface CatalogueState {
  readonly reason: Reason;
  readonly message: string;
  readonly at: string;
  readonly listedAt?: string;
}

/** Of one replica; undefined where its sidecar was not heard yet. */
export function readCatalogueState({ feed, fetchFailure }: SidecarView): CatalogueState | undefined {
  if (feed === undefined) return undefined;
  const { reason, message, atMs, listedAtMs } = feed.catalogue;
  // Sidecars of before say no second time; the first is it, as long as the last attempt succeeded.
  const lastGoodMs = listedAtMs ?? (feed.digest !== undefined && reason !== "ListFailed" ? atMs : undefined);
  const failed: Reason = "ListFailed";
  return {
    reason: fetchFailure === undefined ? reason : failed,
    message:
      fetchFailure === undefined
        ? message
        : `Its sidecar has listed it, but can't be asked for the list: ${fetchFailure}`,
    at: toTime(atMs),
    ...(lastGoodMs === undefined ? {} : { listedAt: toTime(lastGoodMs) }),
  };
}

/** Of a server: the replica that failed last is told, else the one that was listed last. */
export function chooseCatalogueState(views: readonly SidecarView[]): CatalogueState | undefined {
  const states = views.flatMap((view) => readCatalogueState(view) ?? []).sort((a, b) => (a.at < b.at ? 1 : -1));
  const told = states.find(({ reason }) => reason === "ListFailed") ?? states[0];
  if (told === undefined) return undefined;
  const listedAt = states
    .flatMap((state) => state.listedAt ?? [])
    .sort()
    .at(-1);
  const { reason, message, at } = told;
  return { reason, message, at, ...(listedAt === undefined ? {} : { listedAt }) };
}

const toTime = (ms: number): string => new Date(ms).toISOString();
