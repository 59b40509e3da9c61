/**
 * The verbs of the command line. Only the verb that is typed is loaded; the others are there by name and summary for `--help`.
 */
import { Command, CommanderError } from "commander";
import type { Io } from "./io.ts";
import { reportProblem } from "./output/problem.ts";
import { readVersion } from "./version.ts";

interface Verb {
  readonly summary: string;
  /** Loads and builds the command; `rest` is what stands behind the verb. */
  readonly load: (io: Io, rest: readonly string[]) => Promise<Command>;
}

const verbs: Readonly<Record<string, Verb>> = {
  up: {
    summary: "run every server of an mcp.json behind sidecars, with one endpoint over all",
    load: async (io) => (await import("./commands/up.ts")).createUpCommand(io),
  },
  search: {
    summary: "find the tools for a task, with scores",
    load: async (io) => (await import("./commands/search.ts")).createSearchCommand(io),
  },
  call: {
    summary: "call one tool by its public name",
    load: async (io) => (await import("./commands/call.ts")).createCallCommand(io),
  },
  "client-config": {
    summary: "print the configuration that an MCP client wants, from Amp to Zed",
    load: async (io) => (await import("./commands/client-config.ts")).createClientConfigCommand(io),
  },
  connect: {
    summary: "forward a local port to the endpoint of an installation in a cluster",
    load: async (io) => (await import("./commands/connect.ts")).createConnectCommand(io),
  },
  stdio: {
    summary: "carry a client that speaks stdio only to the endpoint",
    load: async (io) => (await import("./commands/stdio.ts")).createStdioCommand(io),
  },
  inject: {
    summary: "put the sidecar into manifests, as the webhook would, without a cluster",
    load: async (io) => (await import("./commands/inject.ts")).createInjectCommand(io),
  },
  explain: {
    summary: "say what the webhook does with an object and why, or why a tool is hidden, refused or ranked where it is",
    load: async (io) => (await import("./commands/explain.ts")).createExplainCommand(io),
  },
  check: {
    summary: "look whether the installation in a cluster is well, and say what to do",
    load: async (io) => (await import("./commands/check.ts")).createCheckCommand(io),
  },
  certs: {
    summary: "say whom API servers trust for the webhook, what it serves, and where its rotation stands",
    load: async (io) => (await import("./commands/certs.ts")).createCertsCommand(io),
  },
  "api-key": {
    summary: "make an API key for the aggregator, and the line with its hash",
    load: async (io) => (await import("./commands/api-key.ts")).createApiKeyCommand(io),
  },
  audit: {
    summary: "check that audit lines are as they were written",
    load: async (io) => (await import("./commands/audit.ts")).createAuditCommand(io),
  },
  sidecar: {
    summary: "run one sidecar in front of one server, in the foreground",
    load: async (io, rest) => (await import("./commands/sidecar.ts")).createSidecarCommand(io, rest),
  },
};

const examples = `
Examples:
  outrigger up                                   start every server of ./mcp.json
  outrigger search "open a pull request"         find tools by what they do
  outrigger call git__git_status --json '{}'     call one
  outrigger client-config --client cursor        connect Cursor, VS Code, Claude or another client
  outrigger connect                              reach the endpoint of a cluster from here
  outrigger inject -f deployment.yaml            see what the webhook makes of a manifest
  outrigger explain -f deployment.yaml           see what the webhook decides, and why
  outrigger check                                see whether the installation in the cluster is well

Color is used on a terminal only; NO_COLOR or --color=never turns it off, --color=always turns it on.
Exit codes: 0 done, 1 a problem was found, 2 wrong usage or file, 3 no such thing or port taken, 4 refused, 5 unreachable, 130 interrupted.`;

/** Runs one command line (without program and script). The exit code is set on `io`. */
export async function runProgram(io: Io, argv: readonly string[]): Promise<void> {
  const program = new Command("outrigger")
    .description("One label gives an MCP server a sidecar that enforces policy; one endpoint finds all tools.")
    .version(readVersion(), "-V, --version")
    .helpCommand(false)
    .addHelpText("after", examples);
  const at = argv.findIndex((word) => !word.startsWith("-"));
  const typed = at < 0 ? undefined : argv[at];
  for (const [name, verb] of Object.entries(verbs)) {
    const command = name === typed ? await verb.load(io, argv.slice(at + 1)) : new Command(name);
    program.addCommand(command.description(verb.summary));
  }
  for (const command of [program, ...program.commands]) prepare(io, command);
  try {
    await program.parseAsync(argv.length === 0 ? ["--help"] : [...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) reportUsage(io, error);
  }
}

/** Commander prints and exits by itself; here it prints where we print, and its exits become values. */
function prepare(io: Io, command: Command): void {
  command
    .helpOption("-h, --help", "show this help")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out.write(text),
      writeErr: (text) => io.err.write(text),
      outputError: () => undefined,
      getOutHasColors: () => io.out.paint.isColored,
      getErrHasColors: () => io.err.paint.isColored,
    });
  command.configureHelp({ styleTitle: io.out.paint.title, styleCommandText: io.out.paint.name });
}

function reportUsage(io: Io, error: CommanderError): void {
  const said = error.message.replace(/^error: /, "").replace(/\.?$/, ".");
  reportProblem(io, {
    code: "OUTRIGGER_ERR_USAGE",
    what: said.charAt(0).toUpperCase() + said.slice(1),
    next: "outrigger --help",
  });
}
