/** The protocol revisions that Outrigger knows, and which of them belong to which era. Source: MCP versioning. */

/** The revision without sessions: 2026-07-28. */
export const modernRevision = "2026-07-28";

/** The revisions with a handshake, oldest first. */
export const legacyRevisions: readonly string[] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

/** The newest legacy revision: what `initialize` is answered with when the asked one is unknown. */
export const latestLegacy = "2025-11-25";

/** All known revisions, oldest first. */
export const revisions: readonly string[] = [...legacyRevisions, modernRevision];

/** The revision that a legacy HTTP request without `MCP-Protocol-Version` speaks (MCP 2025-06-18, transports). */
export const assumedRevision = "2025-03-26";

/**
 * Returns the revision to answer `initialize` with: the requested one if it is a known legacy one, else the latest legacy.
 * Source: MCP 2025-11-25 basic/lifecycle "Version Negotiation".
 */
export function negotiateLegacy(requested: unknown): string {
  return typeof requested === "string" && legacyRevisions.includes(requested) ? requested : latestLegacy;
}

/**
 * Says whether a body may be an array: only under 2025-03-26, named or assumed. Later revisions removed batches, and servers
 * that still run them would run what was never decided. Source: MCP 2025-06-18 changelog.
 */
export function allowsBatch(headerVersion: string | undefined): boolean {
  return headerVersion === undefined || headerVersion === assumedRevision;
}
