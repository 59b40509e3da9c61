/** The duty "isolation": injected pods are reached through their sidecars alone. Stages in their order. */
import type { Objects } from "@outrigger/kube";
import type { ClusterView } from "../cluster/view.ts";
import type { DutyResult } from "../duty.ts";
import { applyIsolation } from "./apply.ts";
import { observeIsolation } from "./observe.ts";
import { reconcileIsolation } from "./reconcile.ts";
import { reportIsolation, type IsolationListeners } from "./report.ts";
import type { Admitted } from "./wanted.ts";

/** What the duty works with. `admitted` undefined: there are to be no policies. */
export interface IsolationParts extends IsolationListeners {
  readonly view: ClusterView;
  readonly system: ReadonlySet<string>;
  readonly objects: Objects;
  readonly admitted: Admitted | undefined;
}

/** Creates one run of the duty. */
export function createIsolationRun(parts: IsolationParts): () => Promise<DutyResult> {
  const told = new Set<string>();
  return async () => {
    const plan = reconcileIsolation(observeIsolation(parts.view, parts.system), parts.admitted);
    const failures = await applyIsolation(plan, parts.objects);
    reportIsolation(plan, parts, told);
    return { problems: failures.map(({ message }) => message) };
  };
}
