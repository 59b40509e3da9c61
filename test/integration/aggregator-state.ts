/** The aggregator's state over sidecars that a test names, with short times. */
import { Agent, Client } from "undici";
import type { DiscoveredSet, DiscoveredSidecar, DiscoverySource } from "../../aggregator/src/discovery/source.ts";
import { createState, type State, type StateOptions } from "../../aggregator/src/state/state.ts";

/** A started state. */
export interface OpenedState {
  readonly state: State;
  /** What is discovered from now on. */
  readonly tell: (...sidecars: DiscoveredSidecar[]) => void;
}

/** Starts it; what ends it is added to `ends`, which are called last first. */
export async function openState(
  ends: (() => Promise<unknown>)[],
  rest: Partial<StateOptions> = {},
): Promise<OpenedState> {
  let onSet: ((set: DiscoveredSet) => void) | undefined;
  const source: DiscoverySource = {
    name: "pods",
    start: (listener) => {
      onSet = listener;
      return Promise.resolve();
    },
    isSynced: () => true,
    stop: () => Promise.resolve(),
  };
  const dispatcher = new Agent();
  const state = createState({
    plan: { qualify: "server", namespace: "tools" },
    sources: [source],
    dispatcher,
    connectFeed: (origin) => new Client(origin),
    nowMs: () => Date.now(),
    random: () => 0,
    onIndexed: () => undefined,
    backoff: { firstMs: 20, longestMs: 50 },
    settleMs: 10,
    ...rest,
  });
  ends.push(
    () => dispatcher.destroy(),
    () => state.stop(),
  );
  await state.start();
  return { state, tell: (...sidecars) => onSet?.({ sidecars, problems: [] }) };
}
