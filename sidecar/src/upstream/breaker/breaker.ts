/**
 * The circuit breaker of one server: watches how calls end, by the first byte of each answer, and fails calls at once while the server
 * is left alone. What it thinks of a server is decided in breaker-state.ts; a server that does not listen is outage-queue.ts's.
 */
import type { Upstream, UpstreamCall, UpstreamFailure, UpstreamRequest, UpstreamSink } from "../upstream.ts";
import {
  admit,
  closedBreaker,
  fail,
  isCalm,
  letGo,
  succeed,
  wake,
  type BreakerRules,
  type BreakerState,
  type Passed,
} from "./breaker-state.ts";

/** What a breaker needs. `now`: a steady clock in ms. */
export interface BreakerOptions {
  readonly rules: BreakerRules;
  readonly now: () => number;
  /** The state has changed. */
  readonly onChange: (kind: BreakerState["kind"]) => void;
}

/** The breaker of one sidecar. */
export interface Breaker {
  /** The same upstream behind the breaker. */
  readonly watch: (upstream: Upstream) => Upstream;
  readonly kind: () => BreakerState["kind"];
  /** How often it came to each state. */
  readonly transitions: () => Readonly<Record<BreakerState["kind"], number>>;
  readonly close: () => void;
}

/** How the breaker is where nobody says otherwise; docs/adr/0023. `failures`: in a row. */
export const createBreakerRules = (failures: number): BreakerRules => ({
  failures,
  window: { ms: 10_000, calls: 20, share: 0.5 },
  openMs: { first: 5_000, longest: 60_000 },
  trials: { atOnce: 3, successes: 3 },
});

const refused: UpstreamCall = { resume: () => undefined, abort: () => undefined };

/** Creates the breaker, closed. */
export function createBreaker({ rules, now, onChange }: BreakerOptions): Breaker {
  let state = closedBreaker;
  /** What a call looks at: closed, and no failure lately. */
  let calm = true;
  let latest = 0;
  let timer: NodeJS.Timeout | undefined;
  const transitions = { Closed: 0, Open: 0, HalfOpen: 0 };

  const become = (next: BreakerState): void => {
    const { kind } = state;
    state = next;
    calm = isCalm(next);
    if (next.kind === kind) return;
    transitions[next.kind]++;
    clearTimeout(timer);
    // Without calls nothing else would tell that it may be called again.
    if (next.kind === "Open") timer = setTimeout(() => become(wake(state, next.untilMs)), next.openMs).unref();
    onChange(next.kind);
  };
  const succeeded = (passed: Passed): void => become(succeed(state, passed, rules));
  const failed = (passed: Passed, torn: boolean): void =>
    become(fail(state, { ...passed, torn, latest }, { nowMs: now(), rules }));
  const failedWhole = (passed: Passed): void => failed(passed, false);
  const failedTorn = (passed: Passed): void => failed(passed, true);
  const left = (passed: Passed): void => become(letGo(state, passed));

  /** Every call pays for this: what is not needed for the usual answer is made when it is needed. */
  const send = (upstream: Upstream, request: UpstreamRequest, sink: UpstreamSink): UpstreamCall => {
    const order = ++latest;
    const { epoch } = state;
    let isJudged = false;
    const call = upstream.send(request, {
      onHead: (status, headers) => {
        if (!isJudged && !(calm && status < 500)) (isFailure(status) ? failedWhole : succeeded)({ order, epoch });
        isJudged = true;
        sink.onHead(status, headers);
      },
      onData: sink.onData,
      onEnd: sink.onEnd,
      onFailure: (failure) => {
        if (!isJudged) (failure.reason === "UpstreamBroken" ? failedTorn : left)({ order, epoch });
        isJudged = true;
        sink.onFailure(failure);
      },
    });
    return {
      resume: call.resume,
      abort: (why) => {
        if (!isJudged) (why === "silent" ? failedWhole : left)({ order, epoch });
        isJudged = true;
        call.abort(why);
      },
    };
  };

  return {
    watch: (upstream) => ({
      close: upstream.close,
      send: (request, sink) => {
        if (!isCall(request)) return upstream.send(request, sink);
        if (state.kind !== "Closed") {
          const admission = admit(state, now(), rules);
          become(admission.state);
          if (!admission.passes) {
            sink.onFailure(describeRefusal(admission.waitMs));
            return refused;
          }
        }
        return send(upstream, request, sink);
      },
    }),
    kind: () => state.kind,
    transitions: () => transitions,
    close: () => clearTimeout(timer),
  };
}

/** Only what waits for an answer is judged, and refused: a notification has nobody to be told. */
const isCall = ({ method, message, batch }: UpstreamRequest): boolean =>
  method === "POST" && (message === undefined ? batch !== undefined : message.type === "request");

/** 501 and 505 are no accidents: the server says what it will never do. */
const isFailure = (status: number): boolean => status >= 500 && status !== 501 && status !== 505;

function describeRefusal(waitMs: number): UpstreamFailure {
  const retryAfterMs = Math.max(1, Math.ceil(waitMs));
  const seconds = Math.ceil(retryAfterMs / 1_000);
  const message = `calls to the server failed too often, so it is left alone; try again in ${seconds} s`;
  return { reason: "CircuitOpen", message, sent: false, retryAfterMs };
}
