/** `outrigger client-config`: what to put into which file of an MCP client. The content goes to stdout, the paths to stderr. */
import { Command, Option } from "commander";
import {
  buildClientConfig,
  clientNames,
  listAddresses,
  type ClientConfig,
  type ClientName,
  type FilePlace,
} from "../clients/clients.ts";
import { defaultEndpoint } from "../endpoint.ts";
import type { Io, Screen } from "../io.ts";
import { layOut } from "../output/table.ts";
import { createEndpointOption, pickEndpoint } from "./endpoint-option.ts";

interface ClientConfigOptions {
  readonly client?: ClientName;
  readonly endpoint?: string;
}

const examples = `
Examples:
  outrigger client-config
  outrigger client-config --client cursor > .cursor/mcp.json
  outrigger client-config --client vscode --endpoint https://mcp.example.com

A client that knows only the older HTTP+SSE transport finds an endpoint's stream at /sse behind its address:
${defaultEndpoint}/mcp/sse`;

/** Builds the command. */
export function createClientConfigCommand(io: Io): Command {
  return new Command("client-config")
    .addOption(new Option("--client <name>", "one client; default: all of them").choices([...clientNames]))
    .addOption(createEndpointOption())
    .addHelpText("after", examples)
    .action((options: ClientConfigOptions) => runClientConfig(io, options));
}

function runClientConfig(io: Io, options: ClientConfigOptions): void {
  const endpoint = pickEndpoint(io, options.endpoint);
  if (endpoint === undefined) return;
  if (options.client !== undefined) {
    const config = buildClientConfig(options.client, endpoint.mcpUrl);
    io.err.write(`${formatPlaces(config, io.err).join("\n")}\n`);
    io.out.write(config.content);
    return;
  }
  const parts = clientNames.map((name) => {
    const config = buildClientConfig(name, endpoint.mcpUrl);
    return [io.out.paint.title(config.title), ...formatPlaces(config, io.out), "", ...indent(config.content)].join(
      "\n",
    );
  });
  const addresses = layOut(listAddresses(endpoint.mcpUrl).map((row) => [`  ${row[0]}`, row[1]]));
  const others = [io.out.paint.title("Any other client"), ...addresses].join("\n");
  io.out.write(`${[...parts, others].join("\n\n")}\n`);
}

function indent(content: string): string[] {
  return content
    .trimEnd()
    .split("\n")
    .map((line) => `  ${line}`);
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
