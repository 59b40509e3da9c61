/**
 * The whole catalogue, and what discovery says beside it, as one caller sees it: for answers that count and list servers. What the caller
 * may not see is in no count and under no problem. Pure.
 */
import { reasons } from "@outrigger/api/reasons";
import type { ServerEntry } from "../catalog/entry.ts";
import { serverKey } from "../catalog/entry.ts";
import { createSnapshot, type CatalogueSnapshot } from "../catalog/merge.ts";
import type { SidecarView } from "../catalog/view.ts";
import type { Discovered } from "../discovery/discovery.ts";
import type { Decision } from "../endpoint/decide.ts";
import { guardsOf } from "./guards.ts";

/** What is known at one moment. */
export interface Known {
  readonly catalogue: CatalogueSnapshot;
  readonly views: ReadonlyMap<string, SidecarView>;
  readonly discovered: Discovered;
}

/** The part of it that a caller sees. Cost: nothing while everybody sees the same, else a pass over servers and guarded tools. */
export function seenBy(known: Known, decision: Decision): Known {
  const { catalogue, views, discovered } = known;
  const guards = guardsOf(catalogue);
  if (guards.size === 0) return known;
  const seen = [...catalogue.servers].filter(([, server]) => decision.maySee(server));
  const servers = new Map(
    seen.map(([key, server]) => [key, guards.has(key) ? narrowServer(server, decision) : server] as const),
  );
  const isSeen = ({ namespace, server }: { readonly namespace: string; readonly server: string }): boolean => {
    const key = serverKey(namespace, server);
    return servers.has(key) || !catalogue.servers.has(key);
  };
  return {
    catalogue: createSnapshot(catalogue.plan, servers),
    views: new Map(
      [...views].flatMap(([key, view]) => {
        if (!isSeen(view.sidecar)) return [];
        const isGuarded = guards.has(serverKey(view.sidecar.namespace, view.sidecar.server));
        return [[key, isGuarded ? hideCounts(narrowView(view, decision)) : narrowView(view, decision)]];
      }),
    ),
    discovered: {
      ...discovered,
      sidecars: discovered.sidecars.filter(isSeen),
      problems: discovered.problems.filter(isSeen),
      asleep: discovered.asleep.filter(isSeen),
    },
  };
}

/** What is found of a list counts what is hidden, too: the reason is told in its own words. */
function narrowServer(server: ServerEntry, { mayCall }: Decision): ServerEntry {
  const findings = server.findings.map(({ reason }) => ({ reason, message: reasons[reason].sentence }));
  return { ...server, tools: server.tools.filter(mayCall), findings };
}

/** How a list was read last, without the numbers that count what others see; why it could not be read stays. */
function hideCounts(view: SidecarView): SidecarView {
  const { feed } = view;
  if (feed === undefined || feed.catalogue.reason === "ListFailed") return view;
  const message = reasons[feed.catalogue.reason].sentence;
  return { ...view, feed: { ...feed, catalogue: { ...feed.catalogue, message } } };
}

/** Findings name tools, also such as are held back from everybody. */
function narrowView(view: SidecarView, { mayUse }: Decision): SidecarView {
  const { feed, sidecar } = view;
  if (feed?.findings === undefined) return view;
  const { namespace, server, group } = sidecar;
  const findings = feed.findings.filter(({ tool }) =>
    mayUse({ namespace, server, group, publicName: tool, name: tool }),
  );
  return { ...view, feed: { ...feed, findings } };
}
