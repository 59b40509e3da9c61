/**
 * Keeps what a list of servers last was when it could be read. A list that is broken or gone keeps its last good servers and says
 * why. Between who gets the text (a file, a ConfigMap) and `read-entries.ts`; no I/O.
 */
import { readEntries, type ListPlace } from "./read-entries.ts";
import type { DiscoveredSet } from "./source.ts";

/** What is there now: the list's text, or why there is none, to stand behind its name. */
export type ListText = { readonly text: string } | { readonly missing: string };

/** A list with its memory. */
export interface KeptList {
  /** Reads what is there now. Gives the set to tell, or undefined where that is what was told last. */
  readonly take: (read: ListText) => DiscoveredSet | undefined;
  /** True once something was taken. */
  readonly isTaken: () => boolean;
}

/** Creates a list that is empty so far. `name` is what faults begin with. */
export function createKeptList(name: string, place: ListPlace): KeptList {
  let good: DiscoveredSet = { sidecars: [], problems: [] };
  let last: { readonly text: string | undefined; readonly fault: string | undefined } | undefined;

  const readFault = (read: ListText): string | undefined => {
    if ("missing" in read) return `${name} ${read.missing}`;
    const entries = readEntries(read.text, place);
    if (!entries.ok) return `${name}: ${entries.message}`;
    good = { sidecars: entries.sidecars, problems: entries.problems };
    return undefined;
  };

  return {
    take: (read) => {
      const text = "text" in read ? read.text : undefined;
      if (last !== undefined && text !== undefined && text === last.text) return undefined;
      const before = last;
      last = { text, fault: readFault(read) };
      const { fault } = last;
      // A fault that is told already is told once.
      if (fault !== undefined && fault === before?.fault) return undefined;
      return fault === undefined ? good : { ...good, fault };
    },
    isTaken: () => last !== undefined,
  };
}
