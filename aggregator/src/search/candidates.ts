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
  /** Whether the caller may call a document, whatever the filters are. */
  readonly isVisible: (document: number) => boolean;
}

const unknown = 0;
const taken = 1;
const leftOut = 2;

/** Prepares the bitmap of one search. Cost: two bytes per tool; the decision is made only for tools that are looked at. */
export function createCandidates(snapshot: IndexSnapshot, filters: SearchFilters, mayCall: MayCall): Candidates {
  const slots = Uint8Array.from(snapshot.places, (place) => (isServerTaken(place, filters) ? taken : leftOut));
  const visible = new Uint8Array(snapshot.tools.length);
  const passing = new Uint8Array(snapshot.tools.length);
  const isVisible = (document: number): boolean => {
    const tool = snapshot.tools[document];
    if (tool === undefined) return false;
    if (visible[document] === unknown) visible[document] = mayCall(tool) ? taken : leftOut;
    return visible[document] === taken;
  };
  const decide = (document: number): boolean => {
    const slot = slotOf(snapshot, document);
    if (slots[slot] !== taken) return false;
    const own = document - (snapshot.bases[slot] ?? 0);
    return passes(snapshot.places[slot], own, filters) && isVisible(document);
  };
  return {
    takesSlot: (slot) => slots[slot] === taken,
    isVisible,
    takes: (document) => {
      if (passing[document] === unknown) passing[document] = decide(document) ? taken : leftOut;
      return passing[document] === taken;
    },
  };
}

/** All candidates, in no particular order. Cost: one decision per tool of the servers that are taken. */
export function listCandidates(snapshot: IndexSnapshot, candidates: Candidates): readonly ToolEntry[] {
  return snapshot.tools.filter((_, document) => candidates.takes(document));
}

function passes(place: Place | undefined, own: number, { readOnly, tag }: SearchFilters): boolean {
  if (place === undefined) return false;
  const { segment } = place;
  if (readOnly === true && segment.readOnly[own] !== 1) return false;
  return tag === undefined || segment.tags.get(own)?.includes(tag) === true;
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
