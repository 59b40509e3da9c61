/** `outrigger client-config`: what to put into which file of an MCP client, or puts it there. The content goes to stdout, the paths to stderr. */
import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import {
  buildClientConfig,
  clientNames,
  listAddresses,
  type ClientConfig,
  type ClientName,
  type ConfigChoice,
  type FilePlace,
} from "../clients/clients.ts";
import { defaultEndpoint } from "../endpoint.ts";
import type { Io, Screen } from "../io.ts";
import { reportProblem } from "../output/problem.ts";
import { layOut } from "../output/table.ts";
import { writeClientConfig } from "./client-config-write.ts";
import { createEndpointOption, pickEndpoint } from "./endpoint-option.ts";

interface ClientConfigOptions {
  readonly client?: ClientName;
  readonly endpoint?: string;
  readonly tokenEnv?: string;
  readonly tokenFile?: string;
  readonly stdio?: true;
  readonly write?: true;
  readonly file?: string;
  readonly dryRun?: true;
}

const examples = `
Examples:
  outrigger client-config
  outrigger client-config --client cursor --write
  outrigger client-config --client cursor --write --file .cursor/mcp.json --dry-run
  outrigger client-config --client codex --token-env OUTRIGGER_TOKEN
  outrigger client-config --client vscode --endpoint https://mcp.example.com

A client that knows only the older HTTP+SSE transport finds an endpoint's stream at /sse behind its address:
${defaultEndpoint}/mcp/sse`;

/** Builds the command. */
export function createClientConfigCommand(io: Io): Command {
  return new Command("client-config")
    .addOption(new Option("--client <name>", "one client; default: a table of all").choices([...clientNames]))
    .addOption(createEndpointOption())
    .addOption(
      new Option("--token-env <name>", "the variable in which the client finds the bearer token").argParser(
        readVariable,
      ),
    )
    .addOption(
      new Option(
        "--token-file <file>",
        "the file with the bearer token, which outrigger stdio reads for the client",
      ).conflicts("tokenEnv"),
    )
    .addOption(new Option("--stdio", "by outrigger stdio, also where the client knows HTTP").conflicts("tokenEnv"))
    .option("--write", "put it into the client's file, beside what is there; the file of before is kept")
    .option("--file <file>", "another file than the client's first one, with --write")
    .option("--dry-run", "only show what --write would change")
    .addHelpText("after", examples)
    .action((options: ClientConfigOptions) => runClientConfig(io, options));
}

function readVariable(text: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(text))
    throw new InvalidArgumentError('Expected a name such as "OUTRIGGER_TOKEN".');
  return text;
}

function runClientConfig(io: Io, options: ClientConfigOptions): void {
  const wrong = findContradiction(options);
  if (wrong !== undefined) {
    reportProblem(io, { code: "OUTRIGGER_ERR_USAGE", what: wrong, next: "outrigger client-config --help" });
    return;
  }
  const endpoint = pickEndpoint(io, options.endpoint);
  if (endpoint === undefined) return;
  const choice = readChoice(io, options, endpoint.mcpUrl);
  if (options.client === undefined) {
    writeTable(io.out, choice);
    return;
  }
  const built = buildClientConfig(options.client, choice);
  if (built.ok) deliver(io, built.config, options);
  else reportProblem(io, { code: "OUTRIGGER_ERR_USAGE", what: built.why });
}

function findContradiction({ client, write, file, dryRun }: ClientConfigOptions): string | undefined {
  if (write === true) return client === undefined ? "--write needs --client NAME." : undefined;
  return file === undefined && dryRun === undefined ? undefined : "--file and --dry-run go with --write.";
}

function readChoice(io: Io, { tokenEnv, tokenFile, stdio }: ClientConfigOptions, mcpUrl: string): ConfigChoice {
  return {
    mcpUrl,
    launch: io.host.command,
    ...(tokenEnv === undefined ? {} : { tokenVariable: tokenEnv }),
    ...(tokenFile === undefined ? {} : { tokenFile: resolve(io.cwd, tokenFile) }),
    ...(stdio === undefined ? {} : { wanted: "stdio" as const }),
  };
}

/** Into the client's file, or to stdout. */
function deliver(io: Io, config: ClientConfig, { write, file, dryRun }: ClientConfigOptions): void {
  if (write === true) {
    writeClientConfig(io, config, { file, isDry: dryRun === true, nowMs: () => Date.now() });
    return;
  }
  io.err.write(`${formatPlaces(config, io.err).join("\n")}\n`);
  io.out.write(config.content);
}

/** Every client with its file, and what prints its content. */
function writeTable(out: Screen, choice: ConfigChoice): void {
  const { paint } = out;
  const rows = clientNames.map((name) => {
    const built = buildClientConfig(name, choice);
    // Listed without a token, where a client's file can't name the variable: asking for it alone says why.
    const { title, way, places } = built.ok ? built.config : describeBare(name, choice);
    return [`  ${paint.name(name)}`, title, paint.faint(way), paint.faint(places[0]?.linux ?? "")];
  });
  const addresses = listAddresses(choice.mcpUrl).map((row) => [`  ${row[0]}`, paint.link(row[1])]);
  const lines = [
    paint.title("Clients"),
    ...layOut(rows),
    "",
    paint.title("The file of one, and where it lies on your system"),
    "  outrigger client-config --client NAME",
    "",
    paint.title("Any other client"),
    ...layOut(addresses),
    ...layOut([["  stdio          ", [...choice.launch, "stdio", "--endpoint", choice.mcpUrl].join(" ")]]),
  ];
  out.write(`${lines.join("\n")}\n`);
}

function describeBare(
  name: ClientName,
  { mcpUrl, launch }: ConfigChoice,
): Pick<ClientConfig, "title" | "way" | "places"> {
  const built = buildClientConfig(name, { mcpUrl, launch });
  return built.ok ? built.config : { title: name, way: "stdio", places: [] };
}

/** Where the file lies: one row per use and system, the note last. */
function formatPlaces(config: ClientConfig, { paint }: Screen): string[] {
  const rows = config.places.flatMap((place) =>
    readSystems(place).map(([system, path], index) => [`  ${index === 0 ? place.use : ""}`, system, path]),
  );
  return [...layOut(rows), ...(config.note === undefined ? [] : [`  ${config.note}`])].map((line) => paint.faint(line));
}

function readSystems(place: FilePlace): [string, string][] {
  if (place.linux === place.windows) return [["any system", place.linux]];
  const windows: [string, string] = ["Windows", place.windows];
  if (place.linux === place.macos) return [["Linux, macOS", place.linux], windows];
  return [["Linux", place.linux], ["macOS", place.macos], windows];
}
