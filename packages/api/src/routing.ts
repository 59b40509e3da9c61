/**
 * How the owner of a server wants its calls spread over its replicas, as it stands on pods and in server files: two spellings, one
 * form. The words and their defaults are those of the table of keys.
 */
import { routingKeys } from "./routing-keys.ts";
import type { Affinity, QuestionMode, Retry, Strategy } from "./words.ts";

/** What one replica says; what it does not say is at its default. `weight` 1 to 100, `priority` 0 to 100, `hedge` in ms, 0 for never. */
export interface RoutingWishes {
  readonly strategy?: Strategy;
  readonly affinity?: Affinity;
  readonly weight?: number;
  readonly priority?: number;
  readonly retry?: Retry;
  readonly questions?: QuestionMode;
  readonly hedge?: number;
}

/** The same with every default. */
export type Routing = Required<RoutingWishes>;

/** What holds where nobody says anything. */
export const defaultRouting: Routing = {
  strategy: "LeastConnections",
  affinity: "Session",
  weight: 1,
  priority: 0,
  retry: "Unsent",
  questions: "Refuse",
  hedge: 0,
};

type Fields = Readonly<Record<string, unknown>>;

// Object.keys of a const object yields exactly its keys.
const names = Object.keys(routingKeys) as (keyof RoutingWishes)[];

/** Reads annotations of a pod. A value that is not right counts as absent: the webhook has refused or reported it. */
export function readRoutingAnnotations(annotations: Readonly<Record<string, string>>): RoutingWishes {
  return readAll(
    (name) => annotations[routingKeys[name].key],
    () => undefined,
  );
}

/** Reads `outrigger.routing` of a server file's entry: the names without prefix, numbers as numbers. */
export function readRoutingBlock(
  value: unknown,
  report: (path: readonly string[], expected: string) => void,
): RoutingWishes {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    report([], `an object with ${names.join(", ")}`);
    return {};
  }
  // Anything but an array is an object with string keys here.
  const fields = value as Fields;
  for (const name of Object.keys(fields)) {
    if (!names.some((known) => known === name)) report([name], `no such key; known are ${names.join(", ")}`);
  }
  return readAll(
    (name) => fields[name],
    (name, expected) => report([name], expected),
  );
}

function readAll(
  valueOf: (name: keyof RoutingWishes) => unknown,
  report: (name: string, expected: string) => void,
): RoutingWishes {
  const wishes: Record<string, unknown> = {};
  for (const name of names) {
    const value = valueOf(name);
    if (value === undefined) continue;
    const parsed = routingKeys[name].parse(typeof value === "number" ? String(value) : textOf(value));
    if (parsed.ok) wishes[name] = parsed.value;
    else report(name, parsed.expected);
  }
  // Each member is what the parser of its own key gave.
  return wishes;
}

/** What is no text is of no form. */
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
