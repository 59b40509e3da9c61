/** Reads our annotations of a pod and of its namespace by the table of keys. Collects every value that is not right. */
import { keyList, keyPrefix, keys, type KeyName } from "@outrigger/api/keys";
import type { KeyDefinition } from "@outrigger/api/key-definition";
import type { Parsed } from "@outrigger/api/values";
import type { InjectionConfig } from "../config.ts";
import { quote, type Problem, type Warning } from "../outcome.ts";
import { readMember, readText, type JsonObject } from "./json.ts";
import { findNearest } from "./nearest.ts";
import { toPrintableKey } from "./printable.ts";

type Read<T> = T extends { readonly ok: true; readonly value: infer V } ? V : never;

/** What the parser of a key yields. */
export type ValueOf<K extends KeyName> = Read<ReturnType<(typeof keys)[K]["parse"]>>;

/** A key's value on the pod and on its namespace, as far as they are set and right. */
interface TwoValues<T> {
  readonly pod: T | undefined;
  readonly namespace: T | undefined;
}

/** Keys that the table has a default for, so that they always have a value. */
type KeyWithDefault = {
  [K in KeyName]: (typeof keys)[K] extends { readonly default: string } ? K : never;
}[KeyName];

/** Gives the values of keys. Reading a key again costs nothing new and reports nothing twice. */
export interface AnnotationReader {
  /** Pod wins over namespace, then the installation's default. */
  readonly one: <K extends KeyName>(name: K) => ValueOf<K> | undefined;
  /** The same, and last the table's default. */
  readonly always: <K extends KeyWithDefault>(name: K) => ValueOf<K>;
  /** For keys that narrow: both values count. */
  readonly both: <K extends KeyName>(name: K) => TwoValues<ValueOf<K>>;
  /** True where a value was given but is not right, so that what follows from it need not be reported as well. */
  readonly isRejected: (name: KeyName) => boolean;
  readonly isSet: (name: KeyName) => boolean;
  readonly problems: readonly Problem[];
  /**
   * Values of the namespace that apply to the pod and are copied to it, by full key. Those that narrow are not among them: on
   * the pod they would look like its own, which can be taken back.
   */
  readonly copies: readonly (readonly [key: string, value: string])[];
}

/** Where values come from. */
export interface AnnotationSources {
  readonly pod: JsonObject;
  readonly namespace: JsonObject;
  readonly defaults: InjectionConfig["defaults"];
}

const isUserAnnotation = (definition: KeyDefinition): boolean =>
  definition.kind === "annotation" && definition.setBy === "user";

/** Checks all of our annotations at once and returns a reader of their values. */
export function readAnnotations(sources: AnnotationSources): AnnotationReader {
  const problems: Problem[] = [];
  const rejected = new Set<string>();
  const values = new Map<string, TwoValues<unknown>>();
  const copies: [string, string][] = [];
  for (const definition of keyList.filter(isUserAnnotation)) {
    const pod = readOne(definition, { annotations: sources.pod, place: "" }, problems);
    const namespace = readOne(definition, { annotations: sources.namespace, place: "namespace annotation " }, problems);
    if (pod?.ok === false || namespace?.ok === false) rejected.add(definition.key);
    values.set(definition.key, { pod: valueOf(pod), namespace: valueOf(namespace) });
    if (pod === undefined && namespace?.ok === true) copies.push(...listCopies(definition, sources.namespace));
  }
  const both = <K extends KeyName>(name: K): TwoValues<ValueOf<K>> =>
    // The map holds what this key's own parser returned.
    (values.get(keys[name].key) ?? { pod: undefined, namespace: undefined }) as TwoValues<ValueOf<K>>;
  const one = <K extends KeyName>(name: K): ValueOf<K> | undefined =>
    both(name).pod ?? both(name).namespace ?? parseDefault(name, readText(sources.defaults, name));
  return {
    both,
    one,
    always: (name) => one(name) ?? readTableDefault(name),
    isRejected: (name) => rejected.has(keys[name].key),
    isSet: (name) => both(name).pod !== undefined || both(name).namespace !== undefined,
    problems,
    copies,
  };
}

function listCopies({ key, narrows }: KeyDefinition, namespace: JsonObject): [string, string][] {
  const text = readText(namespace, key);
  return text === undefined || narrows === true ? [] : [[key, text]];
}

const valueOf = (parsed: Parsed<unknown> | undefined): unknown => (parsed?.ok === true ? parsed.value : undefined);

function readOne(
  definition: KeyDefinition,
  from: { readonly annotations: JsonObject; readonly place: "" | "namespace annotation " },
  problems: Problem[],
): Parsed<unknown> | undefined {
  if (from.place !== "" && !definition.on.includes("namespace")) return undefined;
  const raw = readMember(from.annotations, definition.key);
  if (raw === undefined) return undefined;
  const parsed = typeof raw === "string" ? definition.parse(raw) : { ok: false as const, expected: "a string" };
  if (!parsed.ok)
    problems.push({
      reason: "InvalidAnnotation",
      text: `${from.place}${definition.key}=${quote(raw)}: expected ${parsed.expected}`,
    });
  return parsed;
}

function parseDefault<K extends KeyName>(name: K, text: string | undefined): ValueOf<K> | undefined {
  const definition: KeyDefinition = keys[name];
  // The parser belongs to this very key.
  return text === undefined ? undefined : (valueOf(definition.parse(text)) as ValueOf<K> | undefined);
}

function readTableDefault<K extends KeyWithDefault>(name: K): ValueOf<K> {
  const value = parseDefault(name, keys[name].default);
  if (value === undefined) throw new Error(`the default of ${keys[name].key} does not have its own form`);
  return value;
}

/** Warns of keys under our prefix that nothing reads: mistyped, or a label given as an annotation or the other way round. */
export function warnOfUnknownKeys(given: JsonObject, kind: KeyDefinition["kind"], place = ""): Warning[] {
  return Object.keys(given)
    .filter((key) => key.startsWith(keyPrefix))
    .flatMap((key) => {
      const text = explainUnknownKey(key, kind);
      return text === undefined ? [] : [{ reason: "UnknownAnnotation" as const, text: `${place}${text}` }];
    });
}

/** What says something of a workload as a whole is not read where its pods are described. */
function isOfWorkloads({ on }: KeyDefinition): boolean {
  return !on.includes("pod") && !on.includes("namespace");
}

/** Why a key under our prefix does nothing as a label or annotation of a pod or namespace; undefined where it is read. */
export function explainUnknownKey(key: string, kind: KeyDefinition["kind"]): string | undefined {
  const known = keyList.find((definition) => definition.key === key);
  const short = toPrintableKey(key);
  if (known?.kind === kind)
    return isOfWorkloads(known) ? `${short} is read on ${known.on.join(" and ")} alone` : undefined;
  if (known !== undefined) return `${short} is read as ${known.kind}, not as ${kind}`;
  const nearest = findNearest(
    key.slice(keyPrefix.length),
    keyList.map((definition) => definition.key.slice(keyPrefix.length)),
  );
  return `${kind} ${short} is not read${nearest === undefined ? "" : `; did you mean ${nearest}?`}`;
}
