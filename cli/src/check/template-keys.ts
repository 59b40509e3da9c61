/**
 * Labels and annotations of ours on workloads and their templates that do nothing, each with the command that mends it: put it where
 * it is read, spell it right, or take it away. What does nothing is the webhook's own word. Pure.
 */
import { keyList, keyPrefix, keys } from "@outrigger/api/keys";
import type { KeyDefinition } from "@outrigger/api/key-definition";
import { findNearest, findTemplate, readMember, readObject, readText, type Warning } from "@outrigger/webhook/inject";
import type { KeyFault } from "./facts.ts";

/** Warnings about keys; others are about what cannot be mended by a command. */
const isAboutKeys = ({ reason }: Warning): boolean => reason === "UnknownAnnotation";

const maps = { label: "labels", annotation: "annotations" } as const;
type Kind = keyof typeof maps;

/** A key of ours where somebody put it. */
export interface GivenKey {
  readonly key: string;
  readonly kind: Kind;
  readonly value: string;
}

/** What has to change about a key: entries by map, null where one goes. */
type Change = Readonly<Partial<Record<(typeof maps)[Kind], Readonly<Record<string, string | null>>>>>;

/** The faults of a workload. `warnings` are the webhook's about it. */
export function listKeyFaults(workload: unknown, warnings: readonly Warning[]): readonly KeyFault[] {
  const path = findTemplate(workload) ?? [];
  const metadata = readObject(workload, "metadata");
  const template = path.reduce<unknown>((value, token) => readMember(value, token), workload);
  const kind = (readText(workload, "kind") ?? "").toLowerCase();
  const name = readText(metadata, "name") ?? "";
  const namespace = readText(metadata, "namespace") ?? "";
  const onTemplate = listOwnKeys(readObject(template, "metadata"));
  const onWorkload = listOwnKeys(metadata);
  const patch = (change: object): string =>
    `kubectl patch ${kind}/${name} --namespace ${namespace} --patch ${quoteForShell(JSON.stringify(change))}`;
  const inTemplate = (change: Change): string =>
    patch([...path].reverse().reduce<object>((inner, token) => ({ [token]: inner }), { metadata: change }));
  const mend = (text: string): string => {
    const outside = findIn(text, onWorkload);
    if (outside !== undefined && text.includes(" belongs on ")) return inTemplate(putRight(outside));
    if (text.includes(" lacks ")) return inTemplate({ labels: { [keys.inject.key]: "enabled" } });
    const inside = findIn(text, onTemplate);
    if (inside !== undefined) return inTemplate(correct(inside));
    return outside === undefined ? "" : patch({ metadata: correct(outside) });
  };
  const object = `${namespace}/${kind}/${name}`;
  return warnings.filter(isAboutKeys).map(({ text }) => ({ object, text, mend: mend(text) }));
}

/** The keys of ours among labels and annotations. */
export function listOwnKeys(metadata: unknown): readonly GivenKey[] {
  return (["label", "annotation"] as const).flatMap((kind) =>
    Object.entries(readObject(metadata, maps[kind])).flatMap(([key, value]) =>
      key.startsWith(keyPrefix) && typeof value === "string" ? [{ key, kind, value }] : [],
    ),
  );
}

/** The one that a text names, the longest first: one key may begin like another. */
export function findIn(text: string, given: readonly GivenKey[]): GivenKey | undefined {
  return given.toSorted((a, b) => b.key.length - a.key.length).find(({ key }) => text.includes(key));
}

/** The definition that was meant: of the key itself, else of the nearest one that users set. */
export function findMeant(key: string): KeyDefinition | undefined {
  const settable = keyList.filter(({ setBy }) => setBy === "user");
  const short = (full: string): string => full.slice(keyPrefix.length);
  const nearest = findNearest(
    short(key),
    settable.map((definition) => short(definition.key)),
  );
  return settable.find((definition) => definition.key === key || short(definition.key) === nearest);
}

/** Where the key is one that is known, and its value is right for it. */
function putRight({ key, kind, value }: GivenKey): Change {
  const meant = findMeant(key);
  return { [maps[meant?.kind ?? kind]]: { [key]: value } };
}

/** Away with it; and what was meant in its place, if that is known and the value is right for it. */
function correct({ key, kind, value }: GivenKey): Change {
  const away = { [key]: null };
  const meant = findMeant(key);
  const isOther = meant !== undefined && (meant.key !== key || meant.kind !== kind);
  if (!isOther || !meant.parse(value).ok) return { [maps[kind]]: away };
  return meant.kind === kind
    ? { [maps[kind]]: { ...away, [meant.key]: value } }
    : { [maps[kind]]: away, [maps[meant.kind]]: { [meant.key]: value } };
}

/** One word of a shell. */
export const quoteForShell = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
