/** `outrigger sidecar`: the sidecar program in the foreground, its flags passed through untouched. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { Command } from "commander";
import type { Io } from "../io.ts";
import { reportProblem } from "../output/problem.ts";

const examples = `
Flags are those of the sidecar program; the usual ones:
  --listen HOST:PORT   where MCP clients connect (default 127.0.0.1:19080, path /mcp)
  --upstream URL       the server's MCP endpoint; or give the server's command behind --
  --stdio              says that the command behind -- speaks over stdin and stdout (the default there)
  --server NAME        the server's name in logs and errors
  --policy FILE        policy document (YAML or JSON), read again when it changes
  --control, --admin   addresses of the catalogue feed, and of health and metrics

Examples:
  outrigger sidecar --upstream http://127.0.0.1:8080/mcp --policy policy.yaml
  outrigger sidecar --listen 127.0.0.1:9000 --stdio -- npx -y @modelcontextprotocol/server-memory`;

/** Builds the command. `rest`, what stands behind its name, belongs to the sidecar: nothing of it is read here but `--help`. */
export function createSidecarCommand(io: Io, rest: readonly string[]): Command {
  return new Command("sidecar")
    .argument("[flags...]")
    .usage("--upstream URL [flags] | [flags] --stdio -- COMMAND [ARGS...]")
    .allowUnknownOption()
    .addHelpText("after", examples)
    .action(async () => {
      await runSidecar(io, toSidecarArgs(rest));
    });
}

/** The arguments for the program: `--stdio` says what `--` says already, so it is left out. */
export function toSidecarArgs(args: readonly string[]): string[] {
  const split = args.indexOf("--");
  const own = split < 0 ? args : args.slice(0, split);
  const kept = own.filter((word, index) => word !== "--stdio" && !(word === "yes" && own[index - 1] === "--stdio"));
  return split < 0 ? kept : [...kept, ...args.slice(split)];
}

async function runSidecar(io: Io, args: readonly string[]): Promise<void> {
  const [file = "", ...before] = io.host.programs().sidecar;
  const watchesStdin = args.includes("--watch-stdin");
  const child = spawn(file, [...before, ...withWatch(args, watchesStdin)], {
    cwd: io.cwd,
    // A piped stdin that nobody writes to: its end tells the sidecar that we are gone.
    stdio: [watchesStdin ? "inherit" : "pipe", "inherit", "inherit"],
    // A process group of its own: Ctrl-C reaches us alone, and we pass it on once.
    detached: true,
  });
  io.host.onSignal((signal) => child.kill(signal === "SIGHUP" ? "SIGTERM" : signal));
  const { promise, resolve } = Promise.withResolvers<number>();
  child.once("error", (error) => {
    reportProblem(io, { code: "OUTRIGGER_ERR_START_FAILED", details: [error.message] });
    resolve(1);
  });
  child.once("close", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  // Nothing is under way any more, but stdin may still be open.
  io.host.exit(await promise);
}

function withWatch(args: readonly string[], watchesStdin: boolean): string[] {
  if (watchesStdin) return [...args];
  const split = args.indexOf("--");
  const at = split < 0 ? args.length : split;
  return [...args.slice(0, at), "--watch-stdin", "yes", ...args.slice(at)];
}
