/** Compiles layers of policy into one immutable object that decides by look-up. Layers only narrow: each must consent. */
import type { Reason } from "@outrigger/api/reasons";
import type { Rate } from "@outrigger/api/values";
import type { Limit, NameLists, PolicyDocument } from "./document.ts";
import { compileGlobs, matchesAny, type GlobSet } from "./glob.ts";
import { spellingsOf } from "./uri.ts";

/** What a name belongs to. */
export type SubjectKind = "tool" | "prompt" | "resource";

interface CompiledLists {
  readonly allow?: GlobSet;
  readonly deny: GlobSet;
}

/**
 * A limit ready for use. `key` names its buckets: what it says, whatever stands beside it. So a limit that a changed policy still has
 * goes on counting, and a limit that is new does not inherit what another one counted.
 */
export interface CompiledLimit {
  readonly key: string;
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

/** Why everything is denied where there is no policy that could decide. */
export type DenialReason = Extract<Reason, "PolicyMissing" | "PolicyInvalid">;

/** All layers together. `isRestricted`: some layer has an allow list or denies by default, so unknown methods are refused. */
export interface CompiledPolicy {
  /** Set where no layers decide, since there are none to trust: then nothing at all passes. */
  readonly denied: DenialReason | undefined;
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
    denied: undefined,
    lists: {
      tool: layers.map((layer) => compileLists(layer.tools)),
      prompt: layers.map((layer) => compileLists(layer.prompts)),
      resource: layers.map((layer) => compileLists(layer.resources)),
    },
    deniesByDefault,
    isRestricted: deniesByDefault || layers.some(hasAllowList),
    limits: compileLimits(layers.flatMap((layer) => layer.limits)),
    maxRequestBytes: smallest((layer) => layer.sizes.maxRequestBytes, defaultSizes.maxRequestBytes),
    maxResponseBytes: smallest((layer) => layer.sizes.maxResponseBytes, defaultSizes.maxResponseBytes),
  };
}

/** The policy that denies everything, for one reason. */
export function compileDenial(reason: DenialReason): CompiledPolicy {
  return {
    denied: reason,
    lists: { tool: [], prompt: [], resource: [] },
    deniesByDefault: true,
    isRestricted: true,
    limits: [],
    ...defaultSizes,
  };
}

function hasAllowList(layer: PolicyDocument): boolean {
  return [layer.tools, layer.prompts, layer.resources].some((lists) => lists.allow !== undefined);
}

function compileLists(lists: NameLists): CompiledLists {
  const deny = compileGlobs(lists.deny);
  return lists.allow === undefined ? { deny } : { allow: compileGlobs(lists.allow), deny };
}

/** A limit that says the same as one before it adds nothing: whatever passes the first passes the second. */
function compileLimits(limits: readonly Limit[]): CompiledLimit[] {
  const byKey = new Map<string, CompiledLimit>();
  for (const limit of limits.map(compileLimit)) byKey.set(limit.key, limit);
  return [...byKey.values()];
}

function compileLimit(limit: Limit): CompiledLimit {
  const { rate, maxConcurrency } = limit;
  return {
    key: keyOfLimit(limit),
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

function keyOfLimit({ name, tools, methods, per, rate, burst, maxConcurrency }: Limit): string {
  return JSON.stringify([name, tools, methods, per, rate?.count, rate?.periodMs, burst, maxConcurrency]);
}

/** Says whether every layer consents to a name, and, where the default is Deny, whether some allow list names it. */
export function consents(policy: CompiledPolicy, kind: SubjectKind, name: string): boolean {
  const layers = policy.lists[kind];
  if (kind === "resource") return spellingsOf(name).every((spelling) => consentsTo(policy, layers, spelling));
  return consentsTo(policy, layers, name);
}

function consentsTo(policy: CompiledPolicy, layers: readonly CompiledLists[], name: string): boolean {
  if (layers.some((lists) => matchesAny(lists.deny, name))) return false;
  if (layers.some((lists) => lists.allow !== undefined && !matchesAny(lists.allow, name))) return false;
  return !policy.deniesByDefault || layers.some((lists) => lists.allow !== undefined);
}
