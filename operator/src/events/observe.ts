/** First stage of events: what the watches show that may be worth telling. Next: reconcile.ts. */
import type { ClusterView } from "../cluster/view.ts";
import type { ObservedNews } from "./reconcile.ts";

/** Looks. */
export function observeNews(view: ClusterView, system: ReadonlySet<string>, sinceMs: number): ObservedNews {
  return {
    pods: view.pods(),
    missed: view.missed(),
    refusals: view.refusals(),
    namespaces: view.namespaces(),
    system,
    sinceMs,
  };
}
