/**
 * Decides which documents take part in a search: those that pass the hard filters and that this caller may call.
 * Asked while scoring, before any cut, so that what is hidden takes no place, changes no maximum and is not suggested.
 */
import type { ToolEntry } from "../catalog/entry.ts";
import type { SearchFilters } from "./request.ts";
import { slotOf, type IndexSnapshot, type Place } from "./snapshot.ts";

/** The caller's decision about one tool; the same function that decides listing and calling. */
export type MayCall = (tool: ToolEntry) => boolean;

/** A lazy bitmap. Both questions remember their answers: the decision is asked at most once per tool and search. */
export interface Candidates {
  /** False where the filters leave out the whole server at this slot. */
  readonly takesSlot: (slot: number) => boolean;
  /** Whether a document takes part: its server is taken, it passes the filters, and the caller may call it. */
  readonly takes: (document: number) => boolean;
}

const unknown = 0;
const taken = 1;
const leftOut = 2;

/** Prepares the bitmap of one search. Cost: one byte per tool; the decision is made only for tools that are looked at. */
export function createCandidates(snapshot: IndexSnapshot, filters: SearchFilters, mayCall: MayCall): Candidates {
  const slots = Uint8Array.from(snapshot.places, (place) => (isServerTaken(place, filters) ? taken : leftOut));
  const documents = new Uint8Array(snapshot.tools.length);
  const decide = (document: number): boolean => {
    const slot = slotOf(snapshot, document);
    const tool = snapshot.tools[document];
    if (tool === undefined || slots[slot] !== taken) return false;
    const isReadOnly = snapshot.places[slot]?.segment.readOnly[document - (snapshot.bases[slot] ?? 0)] === 1;
    return (isReadOnly || filters.readOnly !== true) && mayCall(tool);
  };
  return {
    takesSlot: (slot) => slots[slot] === taken,
    takes: (document) => {
      if (documents[document] === unknown) documents[document] = decide(document) ? taken : leftOut;
      return documents[document] === taken;
    },
  };
}

/** All candidates, in no particular order. Cost: one decision per tool of the servers that are taken. */
export function listCandidates(snapshot: IndexSnapshot, candidates: Candidates): readonly ToolEntry[] {
  return snapshot.tools.filter((_, document) => candidates.takes(document));
}

function isServerTaken(place: Place | undefined, filters: SearchFilters): boolean {
  if (place === undefined) return false;
  const { key, server, namespace, group } = place.segment.server;
  return (
    (filters.group === undefined || filters.group === group) &&
    (filters.namespace === undefined || filters.namespace === namespace) &&
    (filters.serverId === undefined || filters.serverId === server || filters.serverId === key)
  );
}
