/** What is said of one label or annotation. The table of all is keys.ts. */
import type { Parsed } from "./values.ts";

/** The prefix of every key of ours. */
export const keyPrefix = "outrigger.dev/";

/** One label or annotation. `parse` reads its value; `form` and `example` are what an error message and the docs show. */
export interface KeyDefinition {
  readonly key: string;
  readonly kind: "label" | "annotation";
  readonly on: readonly ("pod" | "namespace" | "deployment" | "statefulset")[];
  readonly setBy: "user" | "outrigger";
  readonly meaning: string;
  readonly form: string;
  readonly example: string;
  readonly default?: string;
  /** True where a value can only narrow what a policy allows: pod and namespace values are combined, not replaced. */
  readonly narrows?: true;
  readonly parse: (value: string) => Parsed<unknown>;
}
