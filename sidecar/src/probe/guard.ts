/**
 * What watches the calls of clients for the sake of health: their pace, and the circuit breaker; and who hears of it. Decides nothing
 * itself: judge-pace.ts and upstream/breaker do.
 */
import type { HealthReport } from "@outrigger/runtime/health";
import type { Logger } from "@outrigger/runtime/logger";
import type { Publisher } from "../catalog/publish.ts";
import { createBreaker, createBreakerRules, type Breaker } from "../upstream/breaker/breaker.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { createHealthCounts, type HealthCounts } from "./health-counts.ts";
import type { HealthTracker } from "./health-tracker.ts";
import { createPaceMeter } from "./pace-meter.ts";
import type { HealthOptions } from "./settings.ts";

/** What the guard needs. `now`: a steady clock in ms. The two functions are called when something happened, never at once. */
export interface GuardOptions {
  readonly health: HealthOptions;
  readonly now: () => number;
  readonly knowsTool: (name: string) => boolean;
  readonly tracker: () => HealthTracker;
  readonly publisher: () => Publisher;
  readonly logger: Logger;
}

/** The guard of one server. */
export interface Guard {
  /** Around the server itself, so that waiting is no part of its pace. */
  readonly time: (upstream: Upstream) => Upstream;
  /** Around everything, so that a call that is kept from the server waits nowhere. */
  readonly protect: (upstream: Upstream) => Upstream;
  readonly noteProbe: HealthCounts["note"];
  /** Prometheus text. */
  readonly expose: () => string;
  readonly details: () => HealthReport["checks"];
  readonly close: () => void;
}

/** Creates the guard. */
export function createGuard(options: GuardOptions): Guard {
  const { health, now, knowsTool, tracker, publisher } = options;
  const counts = createHealthCounts();
  const meter = createPaceMeter({
    now,
    knowsTool,
    onAnswer: (question, tookMs) => tracker().reportPace(question, tookMs),
  });
  const breaker = health.breakerFailures === undefined ? undefined : openBreaker(health.breakerFailures, options);
  return {
    time: meter.watch,
    protect: (upstream) => breaker?.watch(upstream) ?? upstream,
    noteProbe: counts.note,
    expose: () => counts.expose(publisher().current(), breaker),
    details: () => (breaker === undefined ? [] : [describeBreaker(breaker)]),
    close() {
      meter.close();
      breaker?.close();
    },
  };
}

function openBreaker(failures: number, { now, tracker, publisher, logger }: GuardOptions): Breaker {
  return createBreaker({
    rules: createBreakerRules(failures),
    now,
    onChange(kind) {
      logger[kind === "Open" ? "warn" : "info"]({ breaker: kind }, "the circuit breaker has changed");
      publisher().setBreaker(kind === "Closed" ? undefined : kind);
      // Half-open it must look like any other replica, or the calls that could close it never come.
      tracker().reportBreaker(kind === "Open" ? openTrouble : undefined);
    },
  });
}

const openTrouble = "calls to the server failed too often, so none is sent for a while";

const told = {
  Closed: "Closed: calls pass",
  HalfOpen: "HalfOpen: a few calls pass, to see whether they succeed again",
  Open: `Open: ${openTrouble}`,
} as const;

function describeBreaker(breaker: Breaker): HealthReport["checks"][number] {
  const kind = breaker.kind();
  return { name: "breaker", ok: kind === "Closed", message: told[kind] };
}
