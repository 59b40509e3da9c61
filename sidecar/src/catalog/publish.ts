/**
 * Holds what the control port tells: one state, and the last catalogues by digest. Whoever knows better sets its part;
 * readers hear of every change once. Last stage of the catalogue: list -> digest -> filter -> publish.
 */
import type { Catalogue, FeedFinding, FeedState, FeedTransport, Health, ServerIdentity } from "@outrigger/api/feed";
import type { VisiblePolicy } from "@outrigger/api/feed-callers";
import { createKept } from "./kept.ts";

/** What the control port reads. */
export interface FeedSource {
  readonly current: () => FeedState;
  /** Calls the listener after every change, never for the state of now; returns the way to stop it. */
  readonly subscribe: (listener: (state: FeedState) => void) => () => void;
  /** A catalogue as JSON; undefined for a digest that is not known or no longer kept. */
  readonly findCatalogue: (digest: string) => Buffer | undefined;
  /** The same of what is told to whoever can vouch for callers alone: the catalogue for several callers, and the policy beside it. */
  readonly findForCallers: (kind: "catalogue" | "policy", hash: string) => Buffer | undefined;
}

/** What one connection to the server told about it. */
export interface ServerFacts {
  readonly identity: ServerIdentity;
  readonly era: "legacy" | "modern";
  readonly protocolVersion: string;
}

/** The state under construction. Every setter publishes if something changed. */
export interface Publisher extends FeedSource {
  readonly setHealth: (health: Health) => void;
  readonly setPolicy: (policy: FeedState["policy"], visible?: VisiblePolicy) => void;
  /** Ids of the keys that may vouch for callers; none takes the member away. */
  readonly setVouchers: (ids: readonly string[]) => void;
  readonly setFacts: (facts: ServerFacts) => void;
  readonly setTransport: (transport: FeedTransport) => void;
  /** The circuit breaker, while it is not closed; undefined takes the member away. */
  readonly setBreaker: (breaker: FeedState["breaker"]) => void;
  /** The sidecar has begun to end. */
  readonly setDraining: () => void;
  /** Tools that are not as approved; none takes the member away. */
  readonly setFindings: (findings: readonly FeedFinding[]) => void;
  /**
   * Publishes a catalogue; without one only says why the last attempt failed, and what was known stays. `forCallers`: what some caller
   * may see of it by the policy that was set last, where that depends on the caller.
   */
  readonly setCatalogue: (outcome: FeedState["catalogue"], catalogue?: Catalogue, forCallers?: Catalogue) => void;
}

/** Readers fetch a catalogue after they saw its digest: the ones before are kept for those who come late, while they are small. */
const keptCatalogues = 4;
const keptBytes = 8 * 1024 ** 2;

/** Creates a publisher whose state says that nothing is known yet. */
export function createPublisher(first: {
  readonly server: string;
  readonly health: Health;
  readonly policy: FeedState["policy"];
  /** Where somebody said how the server speaks. */
  readonly transport?: FeedTransport | undefined;
  readonly nowMs: number;
}): Publisher {
  const listeners = new Set<(state: FeedState) => void>();
  const kept = createKept({ most: keptCatalogues, maxBytes: keptBytes });
  const forCallers = {
    catalogue: createKept({ most: keptCatalogues, maxBytes: keptBytes }),
    policy: createKept({ most: keptCatalogues, maxBytes: keptBytes }),
  };
  let published = "";
  let isScheduled = false;
  let state: FeedState = {
    format: 1,
    server: first.server,
    health: first.health,
    identity: {},
    catalogue: { reason: "Starting", message: "the server has not been listed yet", atMs: first.nowMs },
    policy: first.policy,
    ...(first.transport === undefined ? {} : { transport: first.transport }),
  };

  const publish = (): void => {
    isScheduled = false;
    const text = JSON.stringify(state);
    if (text === published) return;
    published = text;
    for (const listener of listeners) listener(state);
  };
  const change = (part: Partial<FeedState>): void => {
    state = { ...state, ...part };
    // Parts that change in one go are told in one go.
    if (!isScheduled) queueMicrotask(publish);
    isScheduled = true;
  };
  const drop = (name: "breaker" | "findings" | "callers" | "vouchers"): void => {
    if (state[name] === undefined) return;
    // All of these members may be absent; all others stay.
    state = Object.fromEntries(Object.entries(state).filter(([key]) => key !== name)) as unknown as FeedState;
    change({});
  };

  return {
    current: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    findCatalogue: kept.find,
    findForCallers: (kind, hash) => forCallers[kind].find(hash),
    setHealth: (health) => change({ health }),
    setPolicy(policy, visible) {
      if (visible !== undefined) forCallers.policy.keep(visible.hash, () => JSON.stringify(visible));
      change({ policy });
    },
    setVouchers: (vouchers) => (vouchers.length > 0 ? change({ vouchers }) : drop("vouchers")),
    setFacts: (facts) => change(facts),
    setTransport: (transport) => change({ transport }),
    setBreaker: (breaker) => (breaker === undefined ? drop("breaker") : change({ breaker })),
    setDraining: () => change({ draining: true }),
    setFindings: (findings) => (findings.length > 0 ? change({ findings }) : drop("findings")),
    setCatalogue(outcome, catalogue, shown) {
      const listedAtMs = catalogue === undefined ? state.catalogue.listedAtMs : outcome.atMs;
      change({ catalogue: { ...outcome, ...(listedAtMs === undefined ? {} : { listedAtMs }) } });
      if (catalogue === undefined) return;
      kept.keep(catalogue.digest, () => JSON.stringify(catalogue));
      change({ digest: catalogue.digest });
      if (shown === undefined) {
        drop("callers");
        return;
      }
      forCallers.catalogue.keep(shown.digest, () => JSON.stringify(shown));
      change({ callers: { digest: shown.digest, policy: state.policy.hash } });
    },
  };
}
