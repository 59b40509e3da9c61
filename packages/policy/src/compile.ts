/** Compiles layers of policy into one immutable object that decides by look-up. Layers only narrow: each must consent. */
import type { Rate } from "@outrigger/api/values";
import type { Limit, NameLists, PolicyDocument } from "./document.ts";
import { compileGlobs, matchesAny, type GlobSet } from "./glob.ts";

/** What a name belongs to. */
export type SubjectKind = "tool" | "prompt" | "resource";

interface CompiledLists {
  readonly allow?: GlobSet;
  readonly deny: GlobSet;
}

/** A limit ready for use. `index` is its place among all limits of the policy and names its buckets. */
export interface CompiledLimit {
  readonly index: number;
  /** As it was written, for people. */
  readonly source: Limit;
  readonly name: string;
  readonly tools: GlobSet;
  readonly methods: GlobSet;
  readonly perCaller: boolean;
  readonly perTool: boolean;
  readonly rate?: Rate & { readonly burst: number };
  readonly maxConcurrency?: number;
}

/** All layers together. `isRestricted`: some layer has an allow list or denies by default, so unknown methods are refused. */
export interface CompiledPolicy {
  readonly lists: Readonly<Record<SubjectKind, readonly CompiledLists[]>>;
  readonly deniesByDefault: boolean;
  readonly isRestricted: boolean;
  readonly limits: readonly CompiledLimit[];
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
}

/** Sizes in force where no layer says less, in bytes. */
export const defaultSizes = { maxRequestBytes: 4 * 1024 ** 2, maxResponseBytes: 10 * 1024 ** 2 } as const;

/**
 * Compiles layers; their order is without meaning.
 * Cost: once per policy change; the result is shared by all calls.
 */
export function compilePolicy(layers: readonly PolicyDocument[]): CompiledPolicy {
  const deniesByDefault = layers.some((layer) => layer.defaultAction === "Deny");
  const smallest = (pick: (layer: PolicyDocument) => number | undefined, start: number): number =>
    layers.reduce((least, layer) => Math.min(least, pick(layer) ?? least), start);
  return {
    lists: {
      tool: layers.map((layer) => compileLists(layer.tools)),
      prompt: layers.map((layer) => compileLists(layer.prompts)),
      resource: layers.map((layer) => compileLists(layer.resources)),
    },
    deniesByDefault,
    isRestricted: deniesByDefault || layers.some(hasAllowList),
    limits: layers.flatMap((layer) => layer.limits).map(compileLimit),
    maxRequestBytes: smallest((layer) => layer.sizes.maxRequestBytes, defaultSizes.maxRequestBytes),
    maxResponseBytes: smallest((layer) => layer.sizes.maxResponseBytes, defaultSizes.maxResponseBytes),
  };
}

function hasAllowList(layer: PolicyDocument): boolean {
  return [layer.tools, layer.prompts, layer.resources].some((lists) => lists.allow !== undefined);
}

function compileLists(lists: NameLists): CompiledLists {
  const deny = compileGlobs(lists.deny);
  return lists.allow === undefined ? { deny } : { allow: compileGlobs(lists.allow), deny };
}

function compileLimit(limit: Limit, index: number): CompiledLimit {
  const { rate, maxConcurrency } = limit;
  return {
    index,
    source: limit,
    name: limit.name,
    tools: compileGlobs(limit.tools),
    methods: compileGlobs(limit.methods),
    perCaller: limit.per.includes("Caller"),
    perTool: limit.per.includes("Tool"),
    ...(rate === undefined ? {} : { rate: { ...rate, burst: limit.burst ?? rate.count } }),
    ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
  };
}

/** Says whether every layer consents to a name, and, where the default is Deny, whether some allow list names it. */
export function consents(policy: CompiledPolicy, kind: SubjectKind, name: string): boolean {
  const layers = policy.lists[kind];
  if (layers.some((lists) => matchesAny(lists.deny, name))) return false;
  if (layers.some((lists) => lists.allow !== undefined && !matchesAny(lists.allow, name))) return false;
  return !policy.deniesByDefault || layers.some((lists) => lists.allow !== undefined);
}
