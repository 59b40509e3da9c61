/** The sidecar's state as Prometheus text: what the recorder does not count because it is no call. */
import { toMetricLabel } from "@outrigger/api/reasons";
import type { ByteBudget } from "./call/budget.ts";
import type { PolicyHolder } from "./bundle/policy-in-force.ts";
import type { ServerSide } from "./server-side.ts";
import { counter, gauge } from "./telemetry/exposition.ts";
import { version } from "./version.ts";

const healthStates = ["Initializing", "Ready", "Degraded", "Dead"] as const;

const findingStates = ["Changed", "Unapproved"] as const;

/** The lines; each metric with its help and type. */
export function exposeState(state: {
  readonly budget: ByteBudget;
  readonly side: ServerSide;
  readonly policy: Pick<PolicyHolder, "current" | "refusals">;
  /** Calls that wait for a server that is away. */
  readonly waiting: number;
  readonly nowMs: number;
}): string {
  const { budget, side, policy } = state;
  const feed = side.publisher.current();
  const inUse = "inUse" in side.upstream ? side.upstream.inUse() : undefined;
  const children = "status" in side.upstream ? side.upstream.status().children : undefined;
  return [
    gauge("build_info", "Always 1; the labels say what runs.", [[`component="sidecar",version="${version}"`, 1]]),
    gauge(
      "sidecar_health",
      "1 for the state that the server is in.",
      healthStates.map((name) => [`state="${name}"`, feed.health.state === name ? 1 : 0]),
    ),
    ...exposePolicy(policy, state.nowMs),
    gauge("sidecar_catalogue_age_seconds", "Time since the server was last listed, or tried to be.", [
      ["", Math.max(0, (state.nowMs - feed.catalogue.atMs) / 1_000)],
    ]),
    gauge(
      "sidecar_unapproved_tools",
      "Tools whose definition of now is not the approved one.",
      findingStates.map((name) => [
        `state="${name.toLowerCase()}"`,
        (feed.findings ?? []).filter(({ state: found }) => found === name).length,
      ]),
    ),
    gauge("sidecar_waiting_calls", "Calls that wait for a server that is away.", [["", state.waiting]]),
    gauge("sidecar_held_bytes", "Bytes of requests and answers that are held to be read.", [["", budget.held()]]),
    ...(inUse === undefined
      ? []
      : [
          gauge("sidecar_open_streams", "Streams open to the server.", [["", inUse.streams]]),
          gauge("sidecar_open_calls", "Calls under way.", [["", inUse.calls]]),
        ]),
    ...(children === undefined ? [] : [gauge("sidecar_children", "Processes of the server.", [["", children]])]),
  ].join("");
}

/** Of a policy that is not there there is no age. */
function exposePolicy({ current, refusals }: Pick<PolicyHolder, "current" | "refusals">, nowMs: number): string[] {
  const { reason, compiled, sinceMs } = current();
  const ageSeconds = Math.max(0, (nowMs - sinceMs) / 1_000);
  return [
    gauge("sidecar_policy_applied", "1 while the policy that was given last is in force.", [
      ["", reason === "PolicyApplied" ? 1 : 0],
    ]),
    gauge(
      "sidecar_policy_age_seconds",
      "Time since the policy in force came into force; absent without one.",
      compiled.denied === undefined ? [["", ageSeconds]] : [],
    ),
    counter(
      "sidecar_policy_refused_total",
      "Policies that were given and not put in force, by reason.",
      [...refusals()].map(([refused, count]) => [`reason="${toMetricLabel(refused)}"`, count]),
    ),
  ];
}
