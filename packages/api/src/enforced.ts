/** The annotation `enforced`: whether a way round the sidecar was found. Reading and writing; pure. */
import { reasonList, type Reason } from "./reasons.ts";

/** What stands in the annotation. `True`: every way that was tried is closed. `Unknown`: nothing could be learned. */
export interface Enforced {
  readonly status: "True" | "False" | "Unknown";
  readonly reason: Reason;
  readonly message: string;
}

/** Reads the annotation; undefined where it is absent or not ours. */
export function readEnforced(text: string | undefined): Enforced | undefined {
  try {
    // Each member is looked at below.
    const value = (JSON.parse(text ?? "") ?? {}) as Partial<Record<keyof Enforced, unknown>>;
    const status = (["True", "False", "Unknown"] as const).find((each) => each === value.status);
    const reason = reasonList.find((each) => each === value.reason);
    if (status === undefined || reason === undefined || typeof value.message !== "string") return undefined;
    return { status, reason, message: value.message };
  } catch {
    return undefined;
  }
}

/** Writes the annotation. */
export function writeEnforced({ status, reason, message }: Enforced): string {
  return JSON.stringify({ status, reason, message });
}
