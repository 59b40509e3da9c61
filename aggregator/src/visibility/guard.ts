/**
 * Decides what of one server a caller may see, by the policy in force at its sidecar and with the same function: what is listed here
 * is what is called there. Pure, with a memory: a policy never changes, another one is another guard.
 */
import {
  isVisible,
  type CallerFacts,
  type CompiledPolicy,
  type Hints,
  type Subject,
  type ToolFacts,
} from "@outrigger/policy";

/** The guard of a server's list. */
export interface ListGuard {
  /** Equal where the same policy decides about the same list. */
  readonly key: string;
  /** `subject`: by the server's own name or URI; `caller`: absent where nobody vouches for it. */
  readonly allows: (subject: Subject, caller: CallerFacts | undefined) => boolean;
}

/** What a guard decides by. `hints`: approved hints by tool; a tool without them has none that a rule may rely on. */
export interface GuardFacts {
  readonly key: string;
  readonly server: string;
  readonly policy: CompiledPolicy;
  readonly hints: Readonly<Record<string, Readonly<Record<string, boolean>>>>;
}

/** Callers whose answers are remembered, and answers of each: URIs are made by callers, and asking again costs little. */
const maxCallers = 1_024;
const maxAnswers = 4_096;

type Answers = Map<string, boolean>;

/** Creates a guard. Cost of a question: two look-ups, once it was asked for a caller. */
export function createGuard({ key, server, policy, hints }: GuardFacts): ListGuard {
  const known = new Map<CallerFacts | undefined, Readonly<Record<Subject["kind"], Answers>>>();
  const answersFor = (caller: CallerFacts | undefined, kind: Subject["kind"]): Answers => {
    const found = known.get(caller);
    if (found !== undefined) return found[kind];
    const [oldest] = known.keys();
    if (known.size >= maxCallers) known.delete(oldest);
    const made: Record<Subject["kind"], Answers> = { tool: new Map(), prompt: new Map(), resource: new Map() };
    known.set(caller, made);
    return made[kind];
  };
  const decide = (subject: Subject, caller: CallerFacts | undefined): boolean => {
    const tool = subject.kind === "tool" ? { tool: toolFacts(hints, subject.name) } : {};
    return isVisible(policy, subject, { server, ...tool, ...(caller === undefined ? {} : { caller }) });
  };
  return {
    key,
    allows: (subject, caller) => {
      const answers = answersFor(caller, subject.kind);
      const remembered = answers.get(subject.name);
      if (remembered !== undefined) return remembered;
      if (answers.size >= maxAnswers) answers.clear();
      const answer = decide(subject, caller);
      answers.set(subject.name, answer);
      return answer;
    },
  };
}

/** What pins hold back is in no catalogue, so what is in one is approved. */
function toolFacts(hints: GuardFacts["hints"], name: string): ToolFacts {
  const told = Object.hasOwn(hints, name) ? hints[name] : undefined;
  if (told === undefined) return { pin: "Approved" };
  const given: Hints = {
    readOnlyHint: told["readOnlyHint"] === true,
    destructiveHint: told["destructiveHint"] !== false,
    idempotentHint: told["idempotentHint"] === true,
    openWorldHint: told["openWorldHint"] !== false,
  };
  return { pin: "Approved", approved: { hints: given, digest: "" } };
}
