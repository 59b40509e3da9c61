/**
 * What is to happen to the keys with which aggregators seal sessions. A new key is announced before it seals, so that every replica opens
 * what any of them seals; the one before stays until the next rotation, longer than any session. Pure. Stage after: apply.ts.
 */
import { sessionKeysObject } from "@outrigger/api/cluster-objects";
import type { RawSecret } from "@outrigger/kube";

/** What the Secret holds. Keys are base64, as the aggregator reads them: the first seals, all open. */
export interface SessionKeys {
  readonly keys: readonly string[];
  /** When the youngest was made, ms; NaN where nobody says. */
  readonly createdMs: number;
  /** The youngest is the last one, and does not seal yet. */
  readonly isAnnounced: boolean;
}

/** The Secret as it is. `broken`: it is there, and nothing can be sealed with it. */
export type ObservedKeys =
  | { readonly kind: "absent" }
  | { readonly kind: "broken"; readonly resourceVersion: string }
  | { readonly kind: "present"; readonly resourceVersion: string; readonly keys: SessionKeys };

/** Times in ms. `lifetimeMs`: how long a key seals; `announceMs`: how long all replicas know it before. */
export interface SessionKeyTimes {
  readonly lifetimeMs: number;
  readonly announceMs: number;
}

/** Of what is read a key: 32 bytes as base64. */
const keyForm = /^[A-Za-z0-9+/]{43}=$/;

/** Reads the Secret. */
export function readSessionKeys({ metadata, data }: RawSecret): ObservedKeys {
  const resourceVersion = metadata?.resourceVersion ?? "";
  const readMember = (name: string): string => Buffer.from(data?.[name] ?? "", "base64").toString("utf8");
  const keys = readMember(sessionKeysObject.keysMember)
    .split("\n")
    .filter((line) => keyForm.test(line));
  if (keys.length === 0) return { kind: "broken", resourceVersion };
  const createdMs = Date.parse(readMember(sessionKeysObject.createdMember));
  const isAnnounced = readMember(sessionKeysObject.phaseMember) === sessionKeysObject.announced && keys.length > 1;
  return { kind: "present", resourceVersion, keys: { keys, createdMs, isAnnounced } };
}

/** What is done. Undefined keys: nothing. */
export type SessionKeyStep = "create" | "replace" | "announce" | "seal" | "keep";

/** Decides. A date that is unknown or ahead counts as new: rotating is never urgent. */
export function decideSessionKeys(observed: ObservedKeys, nowMs: number, times: SessionKeyTimes): SessionKeyStep {
  if (observed.kind === "absent") return "create";
  if (observed.kind === "broken") return "replace";
  const { createdMs, isAnnounced } = observed.keys;
  const ageMs = Number.isNaN(createdMs) ? 0 : nowMs - createdMs;
  if (isAnnounced) return ageMs >= times.announceMs ? "seal" : "keep";
  return ageMs >= times.lifetimeMs ? "announce" : "keep";
}

/** The keys after a step. `make`: a new key; it is asked for where one is needed. */
export function stepSessionKeys(
  observed: ObservedKeys,
  step: SessionKeyStep,
  { nowMs, make }: { readonly nowMs: number; readonly make: () => string },
): SessionKeys {
  if (observed.kind !== "present") return { keys: [make()], createdMs: nowMs, isAnnounced: false };
  const { keys, createdMs } = observed.keys;
  if (step === "announce") return { keys: [...keys.slice(0, 1), make()], createdMs: nowMs, isAnnounced: true };
  return step === "seal" ? { keys: keys.toReversed(), createdMs, isAnnounced: false } : observed.keys;
}

/** The Secret's data. */
export function toSessionKeyData({ keys, createdMs, isAnnounced }: SessionKeys): Readonly<Record<string, string>> {
  const encode = (text: string): string => Buffer.from(text).toString("base64");
  return {
    [sessionKeysObject.keysMember]: encode(`${keys.join("\n")}\n`),
    [sessionKeysObject.createdMember]: encode(Number.isNaN(createdMs) ? "" : new Date(createdMs).toISOString()),
    [sessionKeysObject.phaseMember]: encode(isAnnounced ? sessionKeysObject.announced : sessionKeysObject.sealing),
  };
}
