/** Whether a call of a modern caller may be held: its server is of the legacy era, its owner wants it, and the caller can be asked. Pure. */
import type { SidecarView } from "../../../catalog/view.ts";
import { readRouting } from "../../../route/replicas.ts";
import { askingMethods, type CallerVoice } from "../../../route/request.ts";

/** Decides it. `replicas`: all of the server. */
export function mayHold(
  replicas: readonly Pick<SidecarView, "sidecar" | "feed">[],
  { capabilities }: Pick<CallerVoice, "capabilities">,
): boolean {
  if (![...askingMethods.values()].some((capability) => capabilities[capability] !== undefined)) return false;
  return readRouting(replicas).questions === "Hold" && replicas.some(({ feed }) => feed?.era === "legacy");
}
