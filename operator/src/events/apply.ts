/** Last stage of events: one Event per thing, on what a person would look at. Stage before: reconcile.ts. */
import type { EventRecorder } from "@outrigger/kube";
import type { Owners } from "../cluster/owners.ts";
import type { News } from "./reconcile.ts";

/** Tells it. */
export async function tellNews(
  { about, type, reason, action, note }: News,
  { recorder, owners }: { readonly recorder: EventRecorder; readonly owners: Owners },
): Promise<void> {
  const regarding = about.kind === "pod" ? await owners.ofPod(about.pod) : await owners.above(about.refusal.regarding);
  recorder.record({ regarding, type, reason, action, note });
}
