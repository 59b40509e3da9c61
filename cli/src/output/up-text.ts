/** The report of `outrigger up` for people: one line per server while it comes up, then the endpoint, then what changes. */
import type { ServerEntry } from "@outrigger/api/server-file";
import { buildClientConfig } from "../clients/clients.ts";
import type { ServerState } from "../fleet/server.ts";
import type { Io, Screen } from "../io.ts";
import { startLiveBlock, type LiveBlock } from "./live-block.ts";
import { formatServer, type ShownServer } from "./state-line.ts";
import { layOut } from "./table.ts";
import type { Paint } from "./paint.ts";
import { measureWidth, toOneLine } from "./width.ts";
import type { Opened, UpReport } from "./up-report.ts";

/** What the text report needs. `now` gives the time of day that stands before later changes. */
export interface TextReportOptions {
  readonly io: Io;
  readonly isVerbose: boolean;
  readonly now: () => Date;
}

/** The width of columns that later lines share with the first ones: name and its mark, transport, state, tools. */
const fixedWidths = [undefined, 5, 10, 8] as const;

/** Creates the report. Progress goes to stderr; the endpoint and the client configuration go to stdout. */
export function createTextReport({ io, isVerbose, now }: TextReportOptions): UpReport {
  const shown = new Map<string, ShownServer>();
  const told = new Map<string, string>();
  const { err } = io;
  const { paint } = err;
  let block: LiveBlock | undefined;
  let isOpen = false;

  let nameWidth = 0;
  const format = (servers: readonly ShownServer[]): string[] =>
    layOut(
      servers.map((server) => formatServer(server, paint)),
      [nameWidth, ...fixedWidths.slice(1)],
    );
  const show = (entry: ServerEntry, state: ServerState): void => {
    if (state.is === "stopped") shown.delete(entry.name);
    else shown.set(entry.name, { entry, state });
    nameWidth = Math.max(nameWidth, measureWidth(entry.name) + 4);
  };
  const say = (line: string): void => {
    if (block === undefined) err.write(`${line}\n`);
    else block.interrupt(() => err.write(`${line}\n`));
  };
  const sayTimed = (line: string): void => say(`${paint.faint(now().toTimeString().slice(0, 8))}${line}`);

  return {
    onStart: (shownConfig, entries) => {
      err.write(`${paint.title("Outrigger")} starts ${count(entries.length, "server")} from ${shownConfig}\n\n`);
      for (const entry of entries) show(entry, unstarted);
      // A block that is higher than the terminal can't be drawn over.
      if (entries.length > 0 && entries.length < (err.rows() ?? 0)) {
        block = startLiveBlock(err, (frame) => format([...shown.values()].map((each) => ({ ...each, frame }))));
      }
    },
    onServer: (entry, state) => {
      show(entry, state);
      const isTold = isOpen ? state.is !== "starting" : block === undefined && isSettled(state);
      const line = format([{ entry, state }])[0] ?? "";
      // A server that fails again at every try is told once.
      if (!isTold || told.get(entry.name) === line) return;
      told.set(entry.name, line);
      if (isOpen) sayTimed(line);
      else say(line);
    },
    onOpened: (opened) => {
      const wasDrawn = block !== undefined;
      block?.finish();
      block = undefined;
      isOpen = true;
      if (wasDrawn) for (const [name, each] of shown) told.set(name, format([each])[0] ?? "");
      // The block cuts what is longer than the terminal is wide; what is wrong must be readable as a whole.
      for (const each of wasDrawn ? shown.values() : [])
        if (isWrong(each.state)) err.write(`  ${explain(each, paint)}\n`);
      err.write("\n");
      writeOpened(io.out, opened);
      err.write(`\n${paint.faint("Ctrl-C stops everything. Changes to the file are taken over while it runs.")}\n`);
    },
    onEndpoint: (isThere, message) => sayTimed(`  ${isThere ? paint.good("✓") : paint.bad("✗")} endpoint: ${message}`),
    onReload: (shownConfig, changed) =>
      sayTimed(`  ${shownConfig} changed: ${changed.length === 0 ? "no server is affected" : changed.join(", ")}`),
    onBadConfig: (shownConfig, problems) => {
      sayTimed(`  ${paint.warn("!")} ${shownConfig} can't be used; everything runs on as it was`);
      for (const { line, message } of problems) say(`           ${shownConfig}:${line}: ${message}`);
    },
    onLine: (from, line) => {
      if (isVerbose)
        say(paint.faint(`${from.padEnd(nameWidth - 4)} ${line.level.padEnd(5)} ${describe(line.msg, line.fields)}`));
    },
    onStopping: () => {
      block?.finish();
      block = undefined;
      err.write(`\n${paint.faint("Stopping …")}\n`);
    },
    onStopped: () => err.write(`${paint.faint("Everything has stopped.")}\n`),
  };
}

/** A number with its noun: `1 tool`, `2 tools`. */
function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}

const unstarted: ServerState = { is: "starting", tools: undefined, message: "" };

function isSettled(state: ServerState): boolean {
  return state.is !== "starting" && (state.is !== "ready" || state.tools !== undefined);
}

function isWrong(state: ServerState): boolean {
  return state.is !== "ready" && state.message !== "";
}

function explain({ entry, state }: ShownServer, paint: Paint): string {
  return `${paint.name(entry.name)}: ${toOneLine(state.message)}`;
}

const surroundingFields = new Set(["level", "time", "component", "version", "msg"]);

function describe(msg: string, fields: Readonly<Record<string, unknown>>): string {
  const rest = Object.entries(fields).filter(([name]) => !surroundingFields.has(name));
  return [msg, ...rest.map(([name, value]) => `${name}=${JSON.stringify(value)}`)].join(" ");
}

/** The variable that clients' files name where a key is asked for. */
const keyVariable = "OUTRIGGER_KEY";

function writeOpened(out: Screen, { mcpUrl, servers, asksForKey }: Opened): void {
  const { paint } = out;
  const states = [...servers.values()];
  const tools = states.reduce((sum, state) => sum + (state.tools ?? 0), 0);
  const ready = states.filter((state) => state.is === "ready").length;
  const oneLine = (name: "cursor" | "vscode"): string => {
    const built = buildClientConfig(name, {
      ...{ mcpUrl, launch: [] },
      ...(asksForKey ? { tokenVariable: keyVariable } : {}),
    });
    return built.ok ? built.config.content.trim().replace(/\s*\n\s*/g, " ") : "";
  };
  const header = asksForKey ? ` --header "Authorization: Bearer $${keyVariable}"` : "";
  const rows = [
    [paint.title("Endpoint"), paint.link(mcpUrl)],
    [
      "",
      `${count(tools, "tool")} of ${count(ready, "server")}${ready === states.length ? "" : `, ${states.length - ready} not ready`}`,
    ],
    ...(asksForKey ? [["", `Callers show a key: clients find it in ${keyVariable}, commands by --token-file.`]] : []),
    [],
    [paint.title("Cursor"), ".cursor/mcp.json"],
    ["", paint.faint(oneLine("cursor"))],
    [paint.title("VS Code"), ".vscode/mcp.json"],
    ["", paint.faint(oneLine("vscode"))],
    [paint.title("Claude"), `claude mcp add --transport http outrigger ${mcpUrl}${header}`],
    [],
    [paint.title("Try"), `outrigger search "read a file"${asksForKey ? " --token-file FILE" : ""}`],
    ["", `outrigger client-config${asksForKey ? ` --token-env ${keyVariable}` : ""}`],
  ];
  out.write(`${layOut(rows).join("\n")}\n`);
}
