/** One server of `outrigger up` as a line: mark, name, transport, state, tools, and why it is not ready. */
import type { ServerEntry } from "@outrigger/api/server-file";
import type { ServerState } from "../fleet/server.ts";
import type { Paint } from "./paint.ts";
import { toOneLine } from "./width.ts";

/** A server as it is shown. `frame` is the mark of what is under way, which a live display turns. */
export interface ShownServer {
  readonly entry: ServerEntry;
  readonly state: ServerState;
  readonly frame?: string;
}

/** The cells of a server's line, for {@link layOut}. */
export function formatServer(server: ShownServer, paint: Paint): string[] {
  const { entry, state } = server;
  const tools =
    state.tools === undefined || state.is === "stopped" ? "" : `${state.tools} ${state.tools === 1 ? "tool" : "tools"}`;
  return [
    `  ${formatMark(server, paint)} ${paint.name(entry.name)}`,
    paint.faint(entry.form === "url" ? "http" : "stdio"),
    formatState(state, paint),
    tools.padStart(8),
    paint.faint(toOneLine(state.message)),
  ];
}

function formatMark({ state, frame }: ShownServer, paint: Paint): string {
  switch (state.is) {
    case "ready":
      return paint.good("✓");
    case "degraded":
      return paint.warn("!");
    case "dead":
    case "failed":
      return paint.bad("✗");
    case "starting":
    case "restarting":
      return paint.warn(frame ?? "…");
    case "stopped":
      return paint.faint("-");
  }
}

function formatState(state: ServerState, paint: Paint): string {
  switch (state.is) {
    case "ready":
      return paint.good(state.is);
    case "dead":
    case "failed":
      return paint.bad(state.is);
    case "stopped":
      return paint.faint(state.is);
    case "starting":
    case "restarting":
    case "degraded":
      return paint.warn(state.is);
  }
}
