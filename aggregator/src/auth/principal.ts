/** Who makes a request, as far as the endpoint could find out: what decides about it and what is told of it both start here. Pure. */
import type { CallerKind } from "@outrigger/api/caller";

/** A caller that was identified, or nobody in particular. */
export interface Principal {
  readonly kind: CallerKind;
  /** Stable and unique within its kind: of a ServiceAccount `NAMESPACE/NAME`; empty of nobody alone. */
  readonly name: string;
  readonly groups: readonly string[];
  /** Claims that rules may look at; never a credential. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Nobody in particular. */
export const anonymous: Principal = { kind: "Anonymous", name: "", groups: [], claims: {} };

/** One text for each principal, and no text for two; empty of nobody in particular. */
export function idOf({ kind, name }: Pick<Principal, "kind" | "name">): string {
  return kind === "Anonymous" ? "" : `${kind}:${name}`;
}
