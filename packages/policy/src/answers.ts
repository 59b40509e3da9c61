/** What layers of policy say of the server's own messages beside lists: precompiled, so that a policy that says nothing costs one check. */
import type { PolicyDocument } from "./document/document.ts";

/** What is looked for in messages of the server. */
export interface AnswerControls {
  /** Some resource may be denied: then nobody is told that it was updated. */
  readonly hidesResources: boolean;
  /** What the server says of itself for models is taken out. */
  readonly dropsInstructions: boolean;
  /** What is listed depends on who asks. */
  readonly variesByCaller: boolean;
}

/** Compiles them; undefined where nothing is looked for. */
export function compileAnswers(layers: readonly PolicyDocument[]): AnswerControls | undefined {
  const hidesResources = layers.some(mayHideResources);
  const dropsInstructions = layers.some(({ instructions }) => instructions === "Drop");
  const variesByCaller = layers.some(({ rules }) => rules.some(asksForCaller));
  return hidesResources || dropsInstructions || variesByCaller
    ? { hidesResources, dropsInstructions, variesByCaller }
    : undefined;
}

function mayHideResources({ defaultAction, resources, rules }: PolicyDocument): boolean {
  const isListed = resources.allow !== undefined || resources.deny.length > 0;
  return defaultAction === "Deny" || isListed || rules.length > 0;
}

/** A condition that spells the word may read it; that it stands in a text there harms nothing. */
function asksForCaller({ subjects, when }: PolicyDocument["rules"][number]): boolean {
  return subjects.length > 0 || when?.includes("caller") === true;
}
