/** The parts that policy is made of, and what can become of each: the words that the stages share. */
import { quickFileOf, quickKeys, type QuickKey } from "@outrigger/api/bundle";
import type { Reason } from "@outrigger/api/reasons";
import type { PolicyDocument } from "@outrigger/policy";
import type { Jwks } from "@outrigger/runtime/jws";

/** A part: the signed bundle, the policy file that takes its place where there is no cluster, or one annotation of the pod. */
export type Part = "bundle" | "file" | QuickKey;

/** All parts, the platform's before those of the workload's owner: the order in which they are told. */
export const partOrder: readonly Part[] = ["bundle", "file", ...quickKeys];

/** Why a text can be refused. */
export const refusalReasons = [
  "PolicyInvalid",
  "BundleMalformed",
  "BundleSignatureInvalid",
  "BundleAudienceWrong",
  "BundleOutdated",
] as const satisfies readonly Reason[];

/** One of {@link refusalReasons}. */
export type RefusalReason = (typeof refusalReasons)[number];

/** The layers that a part gives. `version`: of a bundle, in ms since the epoch. */
export interface GoodPart {
  readonly layers: readonly PolicyDocument[];
  readonly version?: number;
  /** Who may vouch for callers, by a bundle. */
  readonly assertionKeys?: Jwks;
}

/** Why a text gives no layers; each problem is a sentence that holds nothing of the text but names. */
export interface RefusedPart {
  readonly reason: RefusalReason;
  readonly problems: readonly string[];
}

/** What is known of a part: the last good text, and what is wrong with the text of now. */
export interface PartState {
  readonly good: GoodPart | undefined;
  readonly refused: RefusedPart | undefined;
}

/** The name of a part for people. */
export function namePart(part: Part): string {
  if (part === "bundle") return "the policy bundle";
  return part === "file" ? "the policy file" : quickFileOf(part);
}
