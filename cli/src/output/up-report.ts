/** What `outrigger up` tells while it runs, for people and for programs. Both forms take the same calls. */
import type { ServerEntry } from "@outrigger/api/server-file";
import type { LineProblem } from "../config/document.ts";
import type { LogLine } from "../fleet/log-line.ts";
import type { ServerState } from "../fleet/server.ts";

/** The end of coming up: where clients go. */
export interface Opened {
  readonly mcpUrl: string;
  readonly servers: ReadonlyMap<string, ServerState>;
  /** Whether callers need an API key. */
  readonly asksForKey: boolean;
}

/** A report of one run. Calls come in the order of what happens. */
export interface UpReport {
  readonly onStart: (shownConfig: string, entries: readonly ServerEntry[]) => void;
  readonly onServer: (entry: ServerEntry, state: ServerState) => void;
  readonly onOpened: (opened: Opened) => void;
  /** The endpoint went away or came back; `message` says which and why. */
  readonly onEndpoint: (isThere: boolean, message: string) => void;
  readonly onReload: (shownConfig: string, changed: readonly string[]) => void;
  readonly onBadConfig: (shownConfig: string, problems: readonly LineProblem[]) => void;
  readonly onLine: (from: string, line: LogLine) => void;
  readonly onStopping: () => void;
  readonly onStopped: () => void;
}
