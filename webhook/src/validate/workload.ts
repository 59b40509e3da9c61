/**
 * What would happen to the pods of a workload, told while a person still looks at it. The same decision as for the pods themselves,
 * about the template. Pure.
 */
import type { InjectionConfig } from "../inject/config.ts";
import { findTemplate, injectManifest } from "../inject/manifest.ts";
import type { Scope } from "../inject/outcome.ts";
import { readMember, readObject } from "../inject/read/json.ts";
import { findWrongValues, listOwnKeys } from "../inject/read/places.ts";
import type { NamespaceFacts } from "../inject/registration.ts";
import { silence, type Line, type Remarks } from "./remarks.ts";

/** A workload as it is to be, and as it was where it is changed. */
export interface WorkloadChange {
  readonly scope: Scope;
  readonly namespace: string;
  readonly object: unknown;
  readonly oldObject: unknown;
}

/** Says what is to be said; nothing where neither the template nor a label or annotation has changed. */
export function remarkOnWorkload(
  { scope, namespace, object, oldObject }: WorkloadChange,
  facts: NamespaceFacts | undefined,
  config: InjectionConfig,
): Remarks {
  const path = findTemplate(object);
  if (path === undefined || path.length === 0 || isSame(object, oldObject, path)) return silence;
  // Whoever applies it can do nothing about that, and its pods wait for it.
  if (facts === undefined) return { action: "skip", reason: "NamespaceNotSynced", lines: [] };
  const [result] = injectManifest(object, { scope, namespace, facts, config });
  if (result === undefined || result.admission.action === "pass") return silence;
  const { admission, kind, name, warnings } = result;
  const metadata = readObject(object, "metadata");
  const wrong = findWrongValues(metadata, kind.toLowerCase() as "deployment", `${kind}: `);
  // Whoever writes "disabled" knows that no sidecar is added.
  const lines: Line[] = [
    ...wrong.map(({ text }) => ({ reason: "InvalidAnnotation" as const, text })),
    ...warnings.filter(({ reason }) => reason !== "OptedOut"),
  ];
  switch (admission.action) {
    case "skip":
      return { action: "skip", reason: admission.reason, lines };
    case "inject":
      return { action: "inject", reason: admission.reason, lines };
    case "deny":
      return {
        action: "deny",
        reason: admission.reason,
        headline: `Outrigger will refuse the pods of ${kind} "${name}" for ${count(admission.problems.length)}:`,
        lines: [...admission.problems, ...lines],
      };
  }
}

/** "1 problem", "2 problems". */
export const count = (problems: number): string => `${problems} ${problems === 1 ? "problem" : "problems"}`;

/** API servers write both in one order, and a difference that is none costs a repeated warning. */
function isSame(object: unknown, oldObject: unknown, path: readonly string[]): boolean {
  if (oldObject === undefined) return false;
  const parts = (value: unknown): string => {
    const template = path.reduce<unknown>((place, token) => readMember(place, token), value);
    return JSON.stringify([listOwnKeys(readObject(value, "metadata")), template]);
  };
  return parts(object) === parts(oldObject);
}
