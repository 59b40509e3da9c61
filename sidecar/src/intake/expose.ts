/** The way in as Prometheus text: connections that are open, those that we ended and why, and tasks that are known. */
import type { TaskTable } from "../call/tasks.ts";
import type { Waiting } from "../call/waiting.ts";
import { counter, gauge } from "../telemetry/exposition.ts";
import type { Connections } from "./connections.ts";
import type { SessionOwners } from "./session-owners.ts";

/** The lines; each metric with its help and type. */
export function exposeIntake({
  connections,
  tasks,
  waiting,
  sessions,
}: {
  readonly connections: Connections;
  readonly tasks: TaskTable;
  readonly waiting: Waiting;
  readonly sessions: SessionOwners;
}): string {
  const ended = [...connections.ended()].map(([reason, count]): [string, number] => [`reason="${reason}"`, count]);
  const refused = [...sessions.refused()].map(([reason, count]): [string, number] => [`reason="${reason}"`, count]);
  return [
    gauge("sidecar_connections", "Connections of clients that are open.", [["", connections.open()]]),
    counter("sidecar_connections_ended_total", "Connections that the sidecar refused or broke off, by reason.", ended),
    gauge("sidecar_queued_calls", "Calls that wait for others to end.", [["", waiting.count()]]),
    gauge("sidecar_sessions", "Sessions of clients that are open with a server over HTTP.", [["", sessions.count()]]),
    counter(
      "sidecar_sessions_refused_total",
      "Sessions that were refused: too many were open, or it was another caller's.",
      refused,
    ),
    gauge("sidecar_tasks", "Tasks that callers may ask about.", [["", tasks.size()]]),
  ].join("");
}
