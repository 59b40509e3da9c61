/** `outrigger up`: every server of an mcp.json behind a sidecar, and one endpoint over all, on this machine. */
import { readApiKeys } from "@outrigger/api/api-key";
import { aggregatorPorts } from "@outrigger/api/ports";
import { parsePort } from "@outrigger/api/values";
import { Command, InvalidArgumentError, Option } from "commander";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { findConfig, usualPlaces } from "../config/find.ts";
import { readConfig, type ReadConfig } from "../config/read.ts";
import { isPortFree } from "../fleet/port.ts";
import { portTakenCode } from "../fleet/keep-alive.ts";
import { runFleet, type RunEnd } from "../fleet/run.ts";
import type { Io } from "../io.ts";
import { reportProblem } from "../output/problem.ts";
import { createJsonReport } from "../output/up-json.ts";
import { createTextReport } from "../output/up-text.ts";

interface UpOptions {
  readonly config?: string;
  readonly port: number;
  readonly mode: "search" | "direct" | "hybrid" | "auto";
  readonly pinned?: string;
  readonly endpoints?: string;
  readonly apiKeys?: string;
  readonly verbose?: true;
  readonly output: "text" | "json";
  readonly watchStdin?: true;
}

const examples = `
The file is the one that Cursor, Claude and other clients use: an object "mcpServers" of servers with "command" or "url".
Variables: \${NAME}, \${NAME:-default} and \${env:NAME} in command, args, cwd, env, url and headers.
A server may carry "outrigger": { "group": "…", "policy": { "tools": { "deny": ["delete_*"] } } }.

Examples:
  outrigger up
  outrigger up --config ~/.cursor/mcp.json --port 7787
  outrigger up --mode direct
  outrigger up --endpoints endpoints.json
  outrigger up --api-keys keys.txt`;

/** Builds the command. */
export function createUpCommand(io: Io): Command {
  return new Command("up")
    .option("--config <file>", `the mcpServers file; default: the first of ${usualPlaces.join(", ")}`)
    .option("--port <port>", "port of the endpoint on 127.0.0.1", readPort, aggregatorPorts.endpoint)
    .addOption(
      new Option(
        "--mode <mode>",
        "what clients list: search tools, every tool, search with pinned tools, or what fits their number",
      )
        .choices(["search", "direct", "hybrid", "auto"])
        .default("search"),
    )
    .option("--pinned <globs>", "comma-separated tools that are listed beside search, for hybrid and auto")
    .option("--endpoints <file>", "endpoints of your own; read again when it changes")
    .option("--api-keys <file>", "ask callers for a key of this file, whose lines `outrigger api-key` prints")
    .option("--verbose", "show the log lines of sidecars and aggregator")
    .option("--watch-stdin", "end when stdin closes, for programs that start this one")
    .addOption(
      new Option("-o, --output <form>", "text, or one JSON object per line").choices(["text", "json"]).default("text"),
    )
    .addHelpText("after", examples)
    .action(async (options: UpOptions) => {
      await runUp(io, options);
    });
}

function readPort(text: string): number {
  const port = parsePort(text);
  if (!port.ok) throw new InvalidArgumentError(`Expected ${port.expected}.`);
  return port.value;
}

async function runUp(io: Io, options: UpOptions): Promise<void> {
  const config = findConfig({ named: options.config, cwd: io.cwd, exists: existsSync });
  if (config === undefined) {
    reportNoConfig(io);
    return;
  }
  const readAgain = (): ReadConfig => readFile(config.path, io.env);
  const read = readAgain();
  if (!read.ok) {
    reportBadConfig(io, config.shown, read);
    return;
  }
  const apiKeys = options.apiKeys === undefined ? undefined : resolve(io.cwd, options.apiKeys);
  if (apiKeys !== undefined && !checkApiKeys(io, apiKeys, options.apiKeys ?? "")) return;
  const port = options.port;
  if (!(await isPortFree(port))) {
    reportPortTaken(io, port);
    return;
  }
  const isVerbose = options.verbose === true;
  const end = await runFleet({
    ...{ host: io.host, env: io.env, cwd: io.cwd, port, watchStdin: options.watchStdin === true },
    apiKeys,
    exposure: writeExposure(io, options),
    ...{ config, entries: read.entries, readAgain, logLevel: isVerbose ? "debug" : "info" },
    report:
      options.output === "json"
        ? createJsonReport(io, isVerbose)
        : createTextReport({ io, isVerbose, now: () => new Date() }),
  });
  reportEnd(io, port, end);
}

/** The aggregator's flags for what clients see; it checks them itself, and says what is wrong. */
function writeExposure(io: Io, { mode, pinned, endpoints }: UpOptions): readonly string[] {
  return [
    ...["--mode", mode],
    ...(pinned === undefined ? [] : ["--pinned", pinned]),
    ...(endpoints === undefined ? [] : ["--endpoints", resolve(io.cwd, endpoints)]),
  ];
}

/** The aggregator would say the same, once every server is up. */
function checkApiKeys(io: Io, path: string, shown: string): boolean {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    reportProblem(io, {
      code: "OUTRIGGER_ERR_CONFIG_UNREADABLE",
      what: `The file of --api-keys can't be read: ${why}.`,
      next: `outrigger api-key NAME, and put the line that it prints into ${shown}`,
    });
    return false;
  }
  const read = readApiKeys(text);
  const problems = read.ok && read.keys.length === 0 ? ["expected a line for each key, found none"] : [];
  const details = [...(read.ok ? [] : read.problems), ...problems].map((problem) => `${shown}: ${problem}`);
  if (details.length > 0) reportProblem(io, { code: "OUTRIGGER_ERR_CONFIG_INVALID", details });
  return details.length === 0;
}

function readFile(path: string, env: Io["env"]): ReadConfig {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, cause: "unreadable", problems: [{ line: 1, message: why }] };
  }
  return readConfig(text, env);
}

function reportNoConfig(io: Io): void {
  reportProblem(io, {
    code: "OUTRIGGER_ERR_CONFIG_UNREADABLE",
    what: `There is no ${usualPlaces.join(", ")} in ${io.cwd}.`,
    details: [
      'A file with one server: {"mcpServers":{"memory":{"command":"npx","args":["-y","@modelcontextprotocol/server-memory"]}}}',
    ],
    next: "outrigger up --config FILE",
  });
}

const causes = {
  unreadable: "OUTRIGGER_ERR_CONFIG_UNREADABLE",
  syntax: "OUTRIGGER_ERR_CONFIG_SYNTAX",
  invalid: "OUTRIGGER_ERR_CONFIG_INVALID",
} as const;

function reportBadConfig(io: Io, shown: string, read: Extract<ReadConfig, { ok: false }>): void {
  reportProblem(io, {
    code: causes[read.cause],
    details: read.problems.map(({ line, message }) =>
      read.cause === "unreadable" ? `${shown}: ${message}` : `${shown}:${line}: ${message}`,
    ),
  });
}

function reportPortTaken(io: Io, port: number): void {
  reportProblem(io, {
    code: "OUTRIGGER_ERR_PORT_TAKEN",
    what: `Port ${port} of 127.0.0.1 is in use by another process.`,
    next: `outrigger up --port ${port < 65_535 ? port + 10 : 7777}`,
  });
}

function reportEnd(io: Io, port: number, end: RunEnd): void {
  if (end.how === "asked") {
    io.setExitCode(end.wasOpen ? 0 : 130);
    return;
  }
  if (end.exit.code === portTakenCode) {
    reportPortTaken(io, port);
    return;
  }
  reportProblem(io, {
    code: "OUTRIGGER_ERR_START_FAILED",
    what: `The aggregator did not start (${end.exit.how}).`,
    details: end.exit.lastWords,
  });
}
