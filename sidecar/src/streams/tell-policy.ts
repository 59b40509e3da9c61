/** Tells clients of a changed policy: once for changes that come in a group, and only of lists that look different to them. */
import type { CallerAssertion } from "@outrigger/api/caller";
import type { CompiledPolicy, Subject, View } from "@outrigger/policy";
import type { Received } from "../call/received.ts";
import type { CatalogueContent } from "../catalog/digest.ts";
import { findChangedLists } from "./changed-lists.ts";
import type { ListKind } from "./messages.ts";
import type { OpenStreams } from "./open-streams.ts";

/** What the teller needs. */
export interface PolicyTellerOptions {
  readonly streams: Pick<OpenStreams, "tell" | "count">;
  /** The policy in force. */
  readonly policy: () => CompiledPolicy;
  /** What the server lists, before policy. */
  readonly content: () => CatalogueContent | undefined;
  /** What is known of an entry; without `received` of nobody in particular. */
  readonly viewOf: (subject: Subject, received: Received | undefined) => View;
}

/** The teller. */
export interface PolicyTeller {
  /** Policy may have changed. */
  readonly changed: () => void;
  readonly close: () => void;
}

/** Files of one change come one after the other: so long a group is awaited, in ms. */
const settleMs = 200;

/** Creates the teller; what is in force now counts as known. */
export function createPolicyTeller({ streams, policy, content, viewOf }: PolicyTellerOptions): PolicyTeller {
  let told = policy();
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    timer = undefined;
    const before = told;
    const after = policy();
    told = after;
    if (before === after || streams.count() === 0) return;
    const compare = (received: Received | undefined): ReadonlySet<ListKind> =>
      findChangedLists({ content: content(), before, after, viewOf: (subject) => viewOf(subject, received) });
    const varies = before.answers?.variesByCaller === true || after.answers?.variesByCaller === true;
    const known = new Map<CallerAssertion | undefined, ReadonlySet<ListKind>>();
    streams.tell((received) => {
      const caller = varies ? received.assertion : undefined;
      const changed = known.get(caller) ?? compare(varies ? received : undefined);
      known.set(caller, changed);
      return changed;
    });
  };
  return {
    changed: () => {
      timer ??= setTimeout(tell, settleMs).unref();
    },
    close: () => clearTimeout(timer),
  };
}
