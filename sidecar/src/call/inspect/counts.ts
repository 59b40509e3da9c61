/** Counts what policy did beside refusing: what layers on trial would have denied, what was replaced and cut in answers. */
import { reasonList, reasons, toMetricLabel, type Reason } from "@outrigger/api/reasons";
import { counter } from "../../telemetry/exposition.ts";
import type { Logger } from "@outrigger/runtime/logger";

/** The counters of one process. */
export interface ControlCounts {
  /** A call that passed and would have been denied. Nothing of its arguments is told. */
  readonly wouldDeny: (call: {
    readonly method: string;
    readonly name?: string | undefined;
    readonly reason: Reason;
  }) => void;
  readonly redacted: (values: number) => void;
  readonly truncated: () => void;
  /** Prometheus text exposition. */
  readonly expose: () => string;
}

/** Creates the counters; every reason that a decision can have starts at 0. */
export function createControlCounts(logger: Logger): ControlCounts {
  const denials = new Map<Reason, number>(
    reasonList
      .filter((reason) => reasons[reason].area === "decision" && reason !== "Allowed")
      .map((reason) => [reason, 0]),
  );
  let redacted = 0;
  let truncated = 0;
  return {
    wouldDeny: ({ method, name, reason }) => {
      denials.set(reason, (denials.get(reason) ?? 0) + 1);
      logger.info({ method, name, reason }, "would deny");
    },
    redacted: (values) => {
      redacted += values;
    },
    truncated: () => {
      truncated++;
    },
    expose: () =>
      counter(
        "sidecar_would_deny_total",
        "Requests that passed and that a layer in audit mode would have denied, by reason.",
        [...denials].map(([reason, count]) => [`reason="${toMetricLabel(reason)}"`, count]),
      ) +
      counter("sidecar_redacted_values_total", "Values of answers that were replaced.", [["", redacted]]) +
      counter("sidecar_truncated_total", "Answers to tool calls that were cut to fit.", [["", truncated]]),
  };
}
