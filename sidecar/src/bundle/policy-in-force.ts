/**
 * The policy in force, whatever it is made of: bundle or policy file, the floor of admission, the pod's annotations.
 * The only file that knows the order of the stages: watch -> verify -> compile -> swap.
 */
import type { PolicyDocument } from "@outrigger/policy";
import { compileParts, layersOf, type PolicyRules } from "./compile.ts";
import { loadEngines } from "./engines.ts";
import { partOrder, refusalReasons, type Part, type PartState, type RefusalReason, type RefusedPart } from "./parts.ts";
import { createSwap, type PolicySwap } from "./swap.ts";
import { verifyPart } from "./verify.ts";
import type { Trust } from "./verify-bundle.ts";

export type { PolicyInForce } from "./swap.ts";

/** The holder of the policy in force. */
export interface PolicyHolder extends Pick<PolicySwap, "current" | "onChange"> {
  /**
   * Takes the texts of parts; those that are absent or the same as before are passed over. Resolves when what is good of them is in
   * force, with what was refused: there the last good text stays.
   */
  readonly apply: (texts: ReadonlyMap<Part, string>) => Promise<readonly RefusedPart[]>;
  /** How many texts were refused so far, for each reason. */
  readonly refusals: () => ReadonlyMap<RefusalReason, number>;
}

/** What the holder is made with. `trust`: the keys that may sign the bundle, where one is required. */
export interface HolderOptions {
  readonly base: PolicyRules["base"];
  readonly trust?: Trust;
  readonly floor: readonly PolicyDocument[];
  /** Milliseconds since the epoch. */
  readonly wallNow: () => number;
}

/** Creates the holder. Until its base has come everything is denied. */
export function createPolicyHolder(options: HolderOptions): PolicyHolder {
  const nothing: PartState = { good: undefined, refused: undefined };
  const parts = new Map<Part, PartState>(partOrder.map((part) => [part, nothing]));
  const seen = new Map<Part, string>();
  const refusals = new Map<RefusalReason, number>(refusalReasons.map((reason) => [reason, 0]));
  const { current, swap, onChange } = createSwap(compileParts(parts, options), options.wallNow);
  let work: Promise<unknown> = Promise.resolve();

  const verifyNew = async (part: Part, text: string | undefined): Promise<readonly RefusedPart[]> => {
    if (text === undefined || text === seen.get(part)) return [];
    seen.set(part, text);
    const state = await verifyPart({ part, text }, parts.get(part) ?? nothing, options.trust);
    parts.set(part, state);
    if (state.refused === undefined) return [];
    const { reason } = state.refused;
    refusals.set(reason, (refusals.get(reason) ?? 0) + 1);
    return [state.refused];
  };
  const applyAll = async (texts: ReadonlyMap<Part, string>): Promise<readonly RefusedPart[]> => {
    const refused: RefusedPart[] = [];
    for (const part of partOrder) refused.push(...(await verifyNew(part, texts.get(part))));
    swap(compileParts(parts, options, await loadEngines(layersOf(parts, options))));
    return refused;
  };
  return {
    current,
    onChange,
    refusals: () => refusals,
    apply: (texts) => {
      // One at a time: a text that takes longer to verify must not come into force after a later one.
      const applied = work.then(() => applyAll(texts));
      work = applied;
      return applied;
    },
  };
}
