/**
 * How an endpoint shows its tools: by search, directly, by search with some tools beside it, or whichever fits their number. Decides
 * which settings go together, and which of the two lists a number of tools asks for. Pure.
 */
import { matchesGlob } from "@outrigger/policy";
import type { ToolEntry } from "../catalog/entry.ts";

/** The words. */
export const exposureModes = ["search", "direct", "hybrid", "auto"] as const;

export type ExposureMode = (typeof exposureModes)[number];

/** The setting. `directBelow`: for auto, fewer visible tools than this are listed directly; `pinned`: globs of public names. */
export interface Exposure {
  readonly mode: ExposureMode;
  readonly directBelow: number;
  readonly pinned: readonly string[];
}

/** Bounds and defaults. */
export const exposureLimits = { mostPinned: 32, directBelow: 20, mostDirect: 200 } as const;

/** What is wrong with a setting as a whole; undefined where nothing is. */
export function checkExposure({ mode, pinned }: Pick<Exposure, "mode" | "pinned">): string | undefined {
  if (mode === "hybrid" && pinned.length === 0)
    return "mode hybrid needs pinned tools: those that are listed beside search";
  if (mode === "search" && pinned.length > 0) return "pinned tools go with mode hybrid or auto; mode search lists none";
  if (mode === "direct" && pinned.length > 0) return "pinned tools go with mode hybrid or auto; mode direct lists all";
  return undefined;
}

/** The two lists that an endpoint can show: its search tools (and what is pinned), or every tool. */
export type ListForm = "search" | "direct";

/** The list that so many visible tools ask for. */
export function wantedForm({ mode, directBelow }: Exposure, visible: number): ListForm {
  if (mode === "auto") return visible < directBelow ? "direct" : "search";
  return mode === "direct" ? "direct" : "search";
}

/** Whether the endpoint answers its search tools: also while auto lists directly, for clients that hold the other list. */
export function answersSearch({ mode }: Exposure): boolean {
  return mode !== "direct";
}

/** The tools that are listed beside the search tools. */
export function pickPinned({ pinned }: Exposure, visible: readonly ToolEntry[]): readonly ToolEntry[] {
  if (pinned.length === 0) return [];
  return visible.filter(({ publicName }) => pinned.some((glob) => matchesGlob(glob, publicName)));
}
