/** Gauges of the moment, as Prometheus text: what the recorder does not count because it is no event. */
import type { ByteBudget } from "./call/budget.ts";
import type { PolicyInForce } from "./bundle/policy-in-force.ts";
import type { ServerSide } from "./server-side.ts";
import { version } from "./version.ts";

const healthStates = ["Initializing", "Ready", "Degraded", "Dead"] as const;

/** The lines; each gauge with its help and type. */
export function exposeState(state: {
  readonly budget: ByteBudget;
  readonly side: ServerSide;
  readonly policy: PolicyInForce;
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
    gauge("sidecar_policy_applied", "1 while the policy that was given last is in force.", [
      ["", policy.reason === "PolicyApplied" ? 1 : 0],
    ]),
    gauge("sidecar_catalogue_age_seconds", "Time since the server was last listed, or tried to be.", [
      ["", Math.max(0, (state.nowMs - feed.catalogue.atMs) / 1_000)],
    ]),
    gauge("sidecar_held_bytes", "Bytes of answers that are held to be read.", [["", budget.held()]]),
    ...(inUse === undefined
      ? []
      : [
          gauge("sidecar_open_streams", "Streams open to the server.", [["", inUse.streams]]),
          gauge("sidecar_open_calls", "Calls under way.", [["", inUse.calls]]),
        ]),
    ...(children === undefined ? [] : [gauge("sidecar_children", "Processes of the server.", [["", children]])]),
  ].join("");
}

/** Labels as they stand between the braces, and the value. */
type Sample = readonly [labels: string, value: number];

function gauge(name: string, help: string, samples: readonly Sample[]): string {
  const full = `outrigger_${name}`;
  const lines = samples.map(([labels, value]) => `${full}${labels === "" ? "" : `{${labels}}`} ${value}\n`);
  return `# HELP ${full} ${help}\n# TYPE ${full} gauge\n${lines.join("")}`;
}
