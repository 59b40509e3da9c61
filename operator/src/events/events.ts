/** The duty "events": owners of pods hear what happened to them. Stages in their order. */
import type { EventRecorder } from "@outrigger/kube";
import type { Owners } from "../cluster/owners.ts";
import type { ClusterView } from "../cluster/view.ts";
import type { DutyResult } from "../duty.ts";
import { tellNews } from "./apply.ts";
import { observeNews } from "./observe.ts";
import { findNews } from "./reconcile.ts";

/** What the duty works with. `sinceMs`: Unix epoch ms from which on things are told. */
export interface EventParts {
  readonly view: ClusterView;
  readonly system: ReadonlySet<string>;
  readonly recorder: EventRecorder;
  readonly owners: Owners;
  readonly sinceMs: number;
}

/** Creates one run of the duty. */
export function createEventRun(parts: EventParts): (signal: AbortSignal) => Promise<DutyResult> {
  let told = new Set<string>();
  return async (signal) => {
    const news = findNews(observeNews(parts.view, parts.system, parts.sinceMs));
    const present = new Set<string>();
    for (const each of news) {
      if (signal.aborted) break;
      if (!told.has(each.key)) await tellNews(each, parts);
      present.add(each.key);
    }
    // What is gone needs no memory: it can't be told again.
    told = present;
    return { problems: [] };
  };
}
