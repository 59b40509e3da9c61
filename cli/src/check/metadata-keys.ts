/**
 * Labels and annotations of ours on namespaces and on running pods that do nothing, or whose values are not right, with the commands
 * that mend them. Pure.
 */
import { keys } from "@outrigger/api/keys";
import {
  findWrongValues,
  readObject,
  warnOfNamespace,
  warnOfUnknownKeys,
  type JsonObject,
  type WrongValue,
} from "@outrigger/webhook/inject";
import type { KeyFault } from "./facts.ts";
import { findIn, findMeant, listOwnKeys, quoteForShell, type GivenKey } from "./template-keys.ts";

/** An object with metadata that a command can name. */
interface Place {
  readonly object: string;
  /** How kubectl names it: `namespace tools`, `pod a --namespace tools`. */
  readonly target: string;
}

/** The faults of a namespace. */
export function listNamespaceFaults(name: string, metadata: JsonObject): readonly KeyFault[] {
  const place = { object: `namespace ${name}`, target: `namespace ${name}` };
  return [
    ...listUnread(
      // What it stands on is said already.
      warnOfNamespace(metadata).map(({ text }) => text.replace(/^namespace /, "")),
      metadata,
      place,
    ),
    ...listWrong(findWrongValues(metadata, "namespace"), place),
  ];
}

/** The faults of a pod. */
export function listPodFaults(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  metadata: JsonObject,
): readonly KeyFault[] {
  const place = { object: `${namespace}/${name}`, target: `pod ${name} --namespace ${namespace}` };
  const unread = [
    ...warnOfUnknownKeys(readObject(metadata, "labels"), "label"),
    ...warnOfUnknownKeys(readObject(metadata, "annotations"), "annotation"),
  ];
  return [
    ...listUnread(
      unread.map(({ text }) => text),
      metadata,
      place,
    ),
    ...listWrong(findWrongValues(metadata, "pod"), place),
  ];
}

/** What else than "enabled" and "required" could have been meant by a mistyped word; other values are for a person to say. */
const meantWords: ReadonlyMap<string, string> = new Map([
  [keys.inject.key, "enabled"],
  [keys.enforce.key, "required"],
]);

function listWrong(wrong: readonly WrongValue[], { object, target }: Place): readonly KeyFault[] {
  return wrong.map(({ key, text }) => {
    const word = meantWords.get(key);
    return { object, text, mend: word === undefined ? "" : `kubectl label ${target} ${key}=${word} --overwrite` };
  });
}

function listUnread(texts: readonly string[], metadata: JsonObject, { object, target }: Place): readonly KeyFault[] {
  const given = listOwnKeys(metadata);
  return texts.map((text) => {
    const key = findIn(text, given);
    return { object, text, mend: key === undefined ? "" : correct(key, target) };
  });
}

/** Takes it away, and where it is known what was meant, sets that. */
function correct({ key, kind, value }: GivenKey, target: string): string {
  const verb = (of: "label" | "annotation"): string => (of === "label" ? "label" : "annotate");
  const meant = findMeant(key);
  const isMeant = meant !== undefined && (meant.key !== key || meant.kind !== kind) && meant.parse(value).ok;
  const away = `kubectl ${verb(kind)} ${target} ${key}-`;
  if (!isMeant) return away;
  const right = `${meant.key}=${quoteIfNeeded(value)}`;
  return meant.kind === kind ? `${away} ${right}` : `${away} && kubectl ${verb(meant.kind)} ${target} ${right}`;
}

const quoteIfNeeded = (text: string): string => (/^[\w.,:/=@%+-]+$/.test(text) ? text : quoteForShell(text));
