/** Has a call wait for a place where policy says so, instead of refusing it. Stage between decision and forwarding. */
import { boundExchange } from "./bounds.ts";
import { remainingMs } from "./call-time.ts";
import type { CallDeps, Decided } from "./exchange.ts";
import type { RunningCall } from "./running-call.ts";
import { refuseFor } from "./refuse.ts";

/** What the wait needs of the stages around it. */
export interface WaitSteps {
  /** Decides the same exchange once more. */
  readonly decide: () => Decided;
  /** Forwards or refuses a decided exchange. */
  readonly dispatch: (decided: Decided) => RunningCall;
}

/** Dispatches an exchange, at once or when there is a place for it. Batches never wait: their messages share one answer. */
export function dispatchOrWait(deps: CallDeps, decided: Decided, steps: WaitSteps): RunningCall {
  const place = placeOf(decided);
  if (place === undefined || deps.waiting === undefined) return steps.dispatch(decided);
  const { maxDurationMs } = boundExchange(decided.policy.compiled, decided.refused);
  return deps.waiting.hold(place, {
    caller: decided.received.caller,
    leftMs: remainingMs(deps, decided.received, maxDurationMs),
    retry: () => {
      const again = steps.decide();
      return placeOf(again) ?? steps.dispatch(again);
    },
    giveUp: (why) => {
      steps.dispatch(why === "gone" ? decided : refuseAs(decided, why, deps.server));
    },
  });
}

function placeOf({ form, refused }: Decided) {
  return form === "message" ? refused[0]?.decision.wait : undefined;
}

function refuseAs(decided: Decided, reason: "QueueFull" | "QueueTimeout", server: string): Decided {
  return {
    ...decided,
    refused: decided.refused.map(({ item, decision }) => {
      const { idBytes, method } = item.message;
      const { name, wait } = decision;
      const limit = wait?.limit ?? "";
      const what = name === undefined ? "This method" : `"${name}"`;
      const text =
        reason === "QueueFull"
          ? `${what} has too many calls under way, and as many waiting as may wait (limit "${limit}"). Wait 1 second and try again.`
          : `${what} waited for calls under way to end, as long as it may (limit "${limit}"). Wait 1 second and try again.`;
      const call = {
        era: decided.era,
        server,
        ...(idBytes === undefined ? {} : { idBytes }),
        ...(method === undefined ? {} : { method }),
        ...(name === undefined ? {} : { name }),
      };
      return { item, decision: { ...decision, reason, refusal: refuseFor(call, { reason, text, limit }) } };
    }),
  };
}
