/**
 * The way in as one part: bounds on connections, floods, slow clients and whole calls, and whose tasks are whose. Puts the pieces
 * together for the door; each decides for itself.
 */
import type { Settings } from "@outrigger/runtime/config";
import type { Jwks } from "@outrigger/runtime/jws";
import type { PolicyInForce } from "../bundle/policy-in-force.ts";
import { createCallers } from "../call/callers.ts";
import type { CallDeps } from "../call/exchange.ts";
import type { Deadlines } from "../call/deadlines.ts";
import { createTaskTable } from "../call/tasks.ts";
import { createWaiting } from "../call/waiting.ts";
import type { Logger } from "@outrigger/runtime/logger";
import type { Trust } from "../bundle/verify-bundle.ts";
import type { ConnectionGuard } from "../downstream/http1/server.ts";
import { openFleet, type OpenFleet } from "../share/open-fleet.ts";
import { createConnections } from "./connections.ts";
import { exposeIntake } from "./expose.ts";
import { createFloodGate } from "./flood.ts";
import { createSessionOwners, type SessionOwners } from "./session-owners.ts";
import type { intakeSettings } from "./settings.ts";

/** What the way in is bounded by. Times in ms. */
export interface IntakeOptions extends Omit<IntakeValues, "assertionKeys"> {
  /** Who may vouch for callers where no bundle says it. */
  readonly assertionKeys: Jwks | undefined;
  /** Where shares of limits come, and whose are taken. */
  readonly shares: { readonly folder: string; readonly trust: Trust } | undefined;
}

type IntakeValues = Settings<typeof intakeSettings>["values"];

/** The way in of one sidecar. */
export interface Intake {
  /** What calls need of it. */
  readonly deps: Pick<CallDeps, "tasks" | "callers" | "waiting" | "fleet" | "flood" | "callDeadlineMs">;
  /** Whose sessions are whose; for a server over HTTP. */
  readonly sessions: SessionOwners;
  /** Has the door keep the bounds. */
  readonly guard: ConnectionGuard;
  /** Prometheus text. */
  readonly expose: () => string;
  /** What readiness says of it, without depending on it. */
  readonly details: OpenFleet["details"];
  readonly close: () => Promise<void>;
}

/** Tasks that are known at once: about 200 bytes each. */
const taskBounds = { maxTasks: 16_384, maxPerOwner: 1_024 } as const;

/** Picks the options of the way in out of all settings. */
export function readIntake(
  values: IntakeValues & { readonly podInfo: string | undefined },
  { keys, trust }: { readonly keys: Jwks | undefined; readonly trust: Trust | undefined },
): IntakeOptions {
  const { callDeadlineMs, maxConnections, maxPeerConnections, floodRate, sharedStore, podInfo } = values;
  const { headerTimeoutMs, requestTimeoutMs, readerTimeoutMs } = values;
  const { maxHttpSessions } = values;
  const times = { headerTimeoutMs, requestTimeoutMs, readerTimeoutMs };
  const shares = trust === undefined || podInfo === undefined ? undefined : { folder: podInfo, trust };
  const counts = { maxConnections, maxPeerConnections, maxHttpSessions, floodRate, sharedStore, shares };
  return { callDeadlineMs, assertionKeys: keys, ...counts, ...times };
}

/** What the way in is made for and with. `now`: a steady clock in ms; `wallNow`: ms since the epoch. */
export interface IntakeParts {
  readonly server: string;
  /** The pod's; without it nobody can be vouched for. */
  readonly namespace: string | undefined;
  readonly policy: () => PolicyInForce;
  readonly now: () => number;
  readonly wallNow: () => number;
  readonly deadlines: Deadlines;
  /** After which time a session counts as idle, in ms. */
  readonly sessionIdleMs: number;
  readonly logger: Logger;
}

/** Creates the way in. */
export function createIntake(options: IntakeOptions, parts: IntakeParts): Intake {
  const { server, namespace, policy, wallNow } = parts;
  const connections = createConnections(server, options);
  const tasks = createTaskTable(taskBounds);
  const sessions = createSessionOwners({
    ...{ server, maxSessions: options.maxHttpSessions, idleMs: parts.sessionIdleMs, now: parts.now },
  });
  const waiting = createWaiting(parts.deadlines);
  const { floodRate, callDeadlineMs, assertionKeys } = options;
  const fleet = openFleet({ store: options.sharedStore, shares: options.shares }, parts);
  const keys = (): Jwks | undefined => policy().assertionKeys ?? assertionKeys;
  return {
    deps: {
      tasks,
      waiting,
      callDeadlineMs,
      ...(namespace === undefined ? {} : { callers: createCallers({ keys, namespace, server, wallNow }) }),
      ...(fleet === undefined ? {} : { fleet: fleet.fleet }),
      ...(floodRate === undefined ? {} : { flood: createFloodGate(floodRate, parts.now) }),
    },
    sessions,
    guard: connections.guard,
    expose: () => exposeIntake({ connections, tasks, waiting, sessions }) + (fleet?.expose() ?? ""),
    details: () => fleet?.details() ?? [],
    close: async () => fleet?.close(),
  };
}
