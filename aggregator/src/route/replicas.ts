/**
 * What this program itself knows of replicas: calls under way, whose turn it was, who lost calls, where callers are at home. Choosing by it is
 * `pick.ts`'s, ejecting `ejection.ts`'s.
 */
import { defaultRouting, type Routing, type RoutingWishes } from "@outrigger/api/routing";
import type { Era } from "@outrigger/mcp";
import { idOf, type Principal } from "../auth/principal.ts";
import { serverKey } from "../catalog/entry.ts";
import type { CallTarget } from "../catalog/target.ts";
import type { SidecarView } from "../catalog/view.ts";
import { ejectionBounds, hearAnswer, hearLoss, listEjected, type EjectionBounds, type LossRecord } from "./ejection.ts";
import { createHomes } from "./homes.ts";
import { pickReplica, type Candidate } from "./pick.ts";

/** Who calls what. `caller`: whose upstream sessions are used, "" for nobody's. */
export interface Routed {
  readonly target: Pick<CallTarget, "namespace" | "server">;
  readonly caller: string;
  readonly callerEra: Era;
  readonly principal: Principal;
}

/** What is needed. Times in ms. */
export interface ReplicasOptions {
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly ejection?: EjectionBounds;
  /** A replica was ejected. */
  readonly onEject?: () => void;
}

/** The knowledge, and the choice by it. */
export interface Replicas {
  /** Of all replicas of the server one that was not tried; undefined where there is none left. */
  readonly choose: (routed: Routed, all: readonly SidecarView[], tried: ReadonlySet<string>) => SidecarView | undefined;
  /** A call goes to a replica, which is its caller's home from now on; call what it gives when it is over. */
  readonly begin: (routed: Routed, view: SidecarView) => () => void;
  readonly hear: (key: string, became: "answered" | "lost") => void;
  readonly endCaller: (caller: string) => void;
  /** Forgets sidecars that are gone. */
  readonly keepOnly: (sidecarKeys: ReadonlySet<string>) => void;
  /** Calls under way at all of them. */
  readonly inFlight: () => number;
}

/** Creates it, knowing nothing. */
export function createReplicas(options: ReplicasOptions): Replicas {
  const { nowMs, random, ejection = ejectionBounds } = options;
  const underWay = new Map<string, number>();
  const turns = new Map<string, number>();
  const records = new Map<string, LossRecord>();
  const homes = createHomes();
  let lastTurn = 0;

  const describe = ({ sidecar, state, feed }: SidecarView, ejected: ReadonlySet<string>): Candidate => ({
    key: sidecar.key,
    state,
    isOut: feed?.breaker === "Open" || ejected.has(sidecar.key),
    isReady: sidecar.isReady && feed?.draining !== true,
    inFlight: underWay.get(sidecar.key) ?? 0,
    lastTurn: turns.get(sidecar.key) ?? 0,
    ...readShare(sidecar.routing),
  });

  return {
    choose: (routed, all, tried) => {
      const { strategy, affinity } = readRouting(all);
      const keys = all.map(({ sidecar }) => sidecar.key);
      const ejected = listEjected(keys, (key) => records.get(key), nowMs());
      const candidates = all.filter(({ sidecar }) => !tried.has(sidecar.key)).map((view) => describe(view, ejected));
      const { namespace, server } = routed.target;
      const key = pickReplica(candidates, {
        strategy,
        sticky: affinity === "Session" ? homes.find(routed.caller, serverKey(namespace, server)) : undefined,
        affine: affinity === "Caller" ? nameCaller(routed) : undefined,
        random: random(),
      });
      return all.find(({ sidecar }) => sidecar.key === key);
    },
    begin: ({ caller, callerEra, target }, { sidecar: { key }, feed }) => {
      underWay.set(key, (underWay.get(key) ?? 0) + 1);
      turns.set(key, ++lastTurn);
      // Where neither side has a session there is nothing to come back to, and calls are spread.
      const hasSession = callerEra === "legacy" || feed?.era === "legacy";
      if (hasSession) homes.keep(caller, serverKey(target.namespace, target.server), key);
      return () => {
        const left = (underWay.get(key) ?? 1) - 1;
        if (left > 0) underWay.set(key, left);
        else underWay.delete(key);
      };
    },
    hear: (key, became) => {
      const before = records.get(key);
      const after = became === "lost" ? hearLoss(before, nowMs(), ejection) : hearAnswer(before, nowMs(), ejection);
      if (after === undefined) records.delete(key);
      else records.set(key, after);
      if ((after?.ejections ?? 0) > (before?.ejections ?? 0)) options.onEject?.();
    },
    endCaller: homes.endCaller,
    keepOnly: (sidecarKeys) => {
      homes.keepOnly(sidecarKeys);
      for (const map of [turns, records]) for (const key of map.keys()) if (!sidecarKeys.has(key)) map.delete(key);
    },
    inFlight: () => [...underWay.values()].reduce((sum, count) => sum + count, 0),
  };
}

/** What is each replica's own. */
function readShare(wishes: RoutingWishes | undefined): Pick<Routing, "weight" | "priority"> {
  const { weight, priority } = { ...defaultRouting, ...wishes };
  return { weight, priority };
}

/** What holds for a server as a whole: the word of its newest replica, as with its list of tools. */
export function readRouting(replicas: readonly Pick<SidecarView, "sidecar">[]): Routing {
  const [newest] = replicas
    .map(({ sidecar }) => ({ sidecar, bornMs: Date.parse(sidecar.createdAt) || 0 }))
    .sort((a, b) => b.bornMs - a.bornMs || (a.sidecar.key < b.sidecar.key ? -1 : 1));
  return { ...defaultRouting, ...newest?.sidecar.routing };
}

/** Who a caller is over all its sessions, or its session where nobody knows who it is; undefined of nobody in particular. */
function nameCaller({ principal, caller }: Routed): string | undefined {
  const name = idOf(principal);
  if (name !== "") return name;
  return caller === "" ? undefined : caller;
}
