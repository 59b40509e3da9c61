/** Opens the files that say policy: read once at the start, then watched. What their texts are worth is decided behind it. */
import { basename, dirname } from "node:path";
import { podInfo, quickFileOf, quickKeys } from "@outrigger/api/bundle";
import type { Part, RefusedPart } from "./parts.ts";
import { createPolicyHolder, type HolderOptions, type PolicyHolder } from "./policy-in-force.ts";
import type { Texts } from "./settle.ts";
import { readTexts, watchFolder, type FolderWatch } from "./watch.ts";

/** Where policy comes from. A policy file and the keys for a bundle exclude each other. */
export interface PolicySources extends Pick<HolderOptions, "floor" | "wallNow" | "trust"> {
  readonly policyFile: string | undefined;
  readonly podInfo: string | undefined;
}

/** The policy in force with the watch of its files. */
export interface OpenPolicy extends PolicyHolder {
  /** Follows the files; `onRefused` hears of every text that was refused since the opening, once. */
  readonly watch: (onRefused: (refused: RefusedPart) => void) => FolderWatch;
}

type Opened =
  { readonly ok: true; readonly policy: OpenPolicy } | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Reads the files and puts them in force.
 * Errors: a policy file that can't be read or used, and a pod's folder without files: whoever starts the program can mend them.
 * A bundle or an annotation that is refused is no error: then everything is denied, and the watch goes on.
 */
export async function openPolicy(sources: PolicySources): Promise<Opened> {
  const { policyFile, podInfo: folder, trust } = sources;
  const base = trust !== undefined ? "bundle" : policyFile !== undefined ? "file" : undefined;
  const holder = createPolicyHolder({ ...sources, base });
  const places: OpenPlace[] = [];
  const problems: string[] = [];
  if (policyFile !== undefined) {
    const place = await readPlace(dirname(policyFile), new Map([[basename(policyFile), "file"]]));
    const refused = await holder.apply(byPart(place, place.texts));
    places.push(place);
    problems.push(...place.unreadable.map((problem) => `--policy: can't read ${policyFile}: ${problem}`));
    problems.push(...refused.flatMap((each) => each.problems.map((problem) => `${policyFile}: ${problem}`)));
  }
  if (folder !== undefined) {
    const place = await readPlace(folder, listPodFiles(trust !== undefined));
    await holder.apply(byPart(place, place.texts));
    places.push(place);
    if (place.texts.size === 0) problems.push(`--pod-info: can't read ${folder}: ${place.unreadable.join("; ")}`);
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, policy: { ...holder, watch: (onRefused) => watchPlaces(holder, places, onRefused) } };
}

/** A folder with the files that say parts of policy, and what they said when they were first read. */
interface OpenPlace {
  readonly folder: string;
  readonly parts: ReadonlyMap<string, Part>;
  readonly texts: Texts;
  readonly unreadable: readonly string[];
}

/** The bundle's file counts only where there are keys to verify it with. */
function listPodFiles(takesBundle: boolean): ReadonlyMap<string, Part> {
  const quick = quickKeys.map((name): [string, Part] => [quickFileOf(name), name]);
  return new Map(takesBundle ? [[podInfo.bundleFile, "bundle"], ...quick] : quick);
}

async function readPlace(folder: string, parts: ReadonlyMap<string, Part>): Promise<OpenPlace> {
  return { folder, parts, ...(await readTexts({ folder, files: [...parts.keys()] })) };
}

function byPart({ parts }: Pick<OpenPlace, "parts">, texts: Texts): ReadonlyMap<Part, string> {
  const known = new Map<Part, string>();
  for (const [file, part] of parts) {
    const text = texts.get(file);
    if (text !== undefined) known.set(part, text);
  }
  return known;
}

function watchPlaces(
  holder: PolicyHolder,
  places: readonly OpenPlace[],
  onRefused: (refused: RefusedPart) => void,
): FolderWatch {
  const watches = places.map((place) =>
    watchFolder({ folder: place.folder, files: [...place.parts.keys()] }, place.texts, async (texts) => {
      for (const refused of await holder.apply(byPart(place, texts))) onRefused(refused);
    }),
  );
  return {
    close: () => {
      for (const watch of watches) watch.close();
    },
  };
}
