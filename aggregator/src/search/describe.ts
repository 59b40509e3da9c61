/**
 * Writes the sentences of `find_tool`'s description that tell a model what it can find: from the caller's visible catalogue
 * alone. Names of servers and single words of tool names only: longer texts of servers could speak to the model.
 */
import { createCandidates, listCandidates, type MayCall } from "./candidates.ts";
import type { IndexSnapshot } from "./snapshot.ts";
import { stopWords } from "./stopwords.ts";
import { splitWords } from "./tokens.ts";

/** Longest description, in characters. */
export const longestCatalogueText = 600;

const opening = "Finds the tools for a task.";
const closing = "Describe the task in plain words; then call a result by its name.";
// Together with the fixed words, six-digit counts and three times "and 9999 more" this stays within the bound.
const room = { servers: 200, actions: 80, subjects: 90 } as const;

/**
 * Describes what the caller can find: number of tools, servers, frequent actions and subjects. At most 600 characters; depends
 * on the visible tools only, not on the order in which they came. Cost: one pass over all tools; keep the result.
 */
export function describeCatalogue(snapshot: IndexSnapshot, mayCall: MayCall): string {
  const counts = countVisible(snapshot, mayCall);
  if (counts.tools === 0) return `${opening} No tool is available to you at the moment.`;
  const parts = [
    `${opening} There are ${plural(counts.tools, "tool")} of ${plural(counts.servers.size, "server")}: ` +
      `${joinWithin(counts.servers, room.servers)}.`,
    ...(counts.actions.size === 0 ? [] : [`Frequent actions: ${joinWithin(counts.actions, room.actions)}.`]),
    ...(counts.subjects.size === 0 ? [] : [`Frequent subjects: ${joinWithin(counts.subjects, room.subjects)}.`]),
    closing,
  ];
  return parts.join(" ");
}

type Counts = Map<string, number>;

interface VisibleCounts {
  readonly tools: number;
  readonly servers: Counts;
  readonly actions: Counts;
  readonly subjects: Counts;
}

function countVisible(snapshot: IndexSnapshot, mayCall: MayCall): VisibleCounts {
  const servers: Counts = new Map();
  const actions: Counts = new Map();
  const subjects: Counts = new Map();
  const tools = listCandidates(snapshot, createCandidates(snapshot, {}, mayCall));
  for (const tool of tools) {
    add(servers, tool.server.replace(/[^A-Za-z0-9._-]+/g, "-").slice(0, 40));
    const [action, ...others] = splitWords(tool.definition.name).filter(isPlainWord);
    if (action !== undefined) add(actions, action);
    for (const subject of new Set(others)) if (!stopWords.has(subject)) add(subjects, subject);
  }
  return { tools: tools.length, servers, actions, subjects };
}

function isPlainWord(word: string): boolean {
  return /^[a-z]{2,20}$/.test(word);
}

function add(counts: Counts, word: string): void {
  counts.set(word, (counts.get(word) ?? 0) + 1);
}

/** The most frequent words, equal ones in byte order, as many as fit; says how many servers or words were left out. */
function joinWithin(counts: ReadonlyMap<string, number>, characters: number): string {
  const words = [...counts].sort(([a, most], [b, other]) => other - most || (a < b ? -1 : 1)).map(([word]) => word);
  let text = "";
  for (const [at, word] of words.entries()) {
    const longer = at === 0 ? word : `${text}, ${word}`;
    if (longer.length > characters) return `${text} and ${words.length - at} more`;
    text = longer;
  }
  return text;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
