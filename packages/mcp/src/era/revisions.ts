/** The protocol revisions and what follows from one: era, and whether arrays of messages are legal. Source: MCP versioning. */
import type { Era } from "../methods.ts";

/** Legacy revisions, oldest first. */
export const legacyRevisions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] as const;

/** The newest legacy revision: what `initialize` asks for and what an unknown request is answered with. */
export const latestLegacy = "2025-11-25";

/** The modern revision. */
export const modernRevision = "2026-07-28";

/** What a request without a version header means (MCP 2025-06-18 transports, "Protocol Version Header"). */
export const assumedRevision = "2025-03-26";

/** All revisions, oldest first. */
export const revisions: readonly string[] = [...legacyRevisions, modernRevision];

/** The era of a revision; undefined where the revision is not known. */
export function eraOf(revision: string): Era | undefined {
  if (revision === modernRevision) return "modern";
  return legacyRevisions.some((known) => known === revision) ? "legacy" : undefined;
}

/** The revision that a server answers to `initialize`: the asked one if it is known and legacy, else the newest legacy one. */
export function negotiateLegacy(requested: string): string {
  return eraOf(requested) === "legacy" ? requested : latestLegacy;
}

/** Batches exist in 2025-03-26 only, which is also what a missing header means; SDK servers accept them elsewhere, so we must not. */
export function allowsBatch(headerVersion: string | undefined): boolean {
  return headerVersion === undefined || headerVersion === assumedRevision;
}
