/** The report of `outrigger up -o json`: one JSON object per line on stdout, each with the member `event`. */
import type { Io } from "../io.ts";
import type { UpReport } from "./up-report.ts";

/** Creates the report. Events: starting, server, ready, endpoint, reloaded, refused, log, stopping, stopped. */
export function createJsonReport(io: Io, isVerbose: boolean): UpReport {
  const tell = (event: string, fields: object = {}): void => io.out.write(`${JSON.stringify({ event, ...fields })}\n`);
  return {
    onStart: (file, entries) => tell("starting", { file, servers: entries.map((entry) => entry.name) }),
    onServer: (entry, state) =>
      tell("server", { name: entry.name, state: state.is, tools: state.tools, message: state.message }),
    onOpened: ({ mcpUrl, servers, asksForKey }) =>
      tell("ready", {
        endpoint: mcpUrl,
        auth: asksForKey ? "api-key" : "none",
        servers: [...servers].map(([name, { is, tools }]) => ({ name, state: is, tools })),
      }),
    onEndpoint: (isThere, message) => tell("endpoint", { isThere, message }),
    onReload: (file, changed) => tell("reloaded", { file, changed }),
    onBadConfig: (file, problems) => tell("refused", { file, problems }),
    onLine: (from, line) => {
      if (isVerbose) tell("log", { from, line: line.fields });
    },
    onStopping: () => tell("stopping"),
    onStopped: () => tell("stopped"),
  };
}
