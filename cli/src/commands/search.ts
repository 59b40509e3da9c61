/** `outrigger search`: the tools for a task, best first, from the terminal. */
import { parseWhole } from "@outrigger/api/values";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Io } from "../io.ts";
import { reportProblem } from "../output/problem.ts";
import { formatResults } from "../output/search-table.ts";
import { searchTools } from "../rest.ts";
import { addCredentialOptions, sayWhoCalls, type CredentialChoice } from "./credential-options.ts";
import { createEndpointOption, pickCallerEndpoint, reportUnreachable } from "./endpoint-option.ts";

interface SearchOptions extends CredentialChoice {
  readonly endpoint?: string;
  readonly limit: number;
  readonly server?: string;
  readonly output: "text" | "json";
}

const examples = `
Examples:
  outrigger search "open a pull request"
  outrigger search "read a file" --server files --limit 3
  outrigger search "commit history" -o json | jq '.tools[].name'`;

/** Builds the command. */
export function createSearchCommand(io: Io): Command {
  return addCredentialOptions(new Command("search"))
    .argument("<words...>", "the task in plain words")
    .addOption(createEndpointOption())
    .option("--limit <n>", "how many results, 1 to 50", readLimit, 8)
    .option("--server <name>", "only this server's tools")
    .addOption(
      new Option("-o, --output <form>", "text, or the whole answer as JSON").choices(["text", "json"]).default("text"),
    )
    .addHelpText("after", examples)
    .action(async (words: string[], options: SearchOptions) => {
      await runSearch(io, words.join(" "), options);
    });
}

function readLimit(text: string): number {
  const limit = parseWhole(text, { min: 1, max: 50 });
  if (!limit.ok) throw new InvalidArgumentError(`Expected ${limit.expected}.`);
  return limit.value;
}

async function runSearch(io: Io, text: string, options: SearchOptions): Promise<void> {
  const endpoint = pickCallerEndpoint(io, options);
  if (endpoint === undefined) return;
  const { limit, server } = options;
  const found = await searchTools(endpoint, { text, limit, ...(server === undefined ? {} : { server }) });
  if (!found.ok) {
    if (found.why === "unreachable") {
      reportUnreachable(io, endpoint, found.message);
      return;
    }
    const code = found.why === "unauthorized" ? "OUTRIGGER_ERR_REFUSED" : "OUTRIGGER_ERR_USAGE";
    reportProblem(io, {
      ...{ code, what: `${endpoint.base} (from ${endpoint.setting}) refused the search.`, details: [found.message] },
      ...(found.why === "unauthorized" ? { next: sayWhoCalls } : {}),
    });
    return;
  }
  if (options.output === "json") {
    io.out.write(`${JSON.stringify(found.raw, null, 2)}\n`);
    return;
  }
  if (found.tools.length === 0) io.err.write("No tool was found.\n");
  io.out.write(
    formatResults(text, found, io.out)
      .map((line) => `${line}\n`)
      .join(""),
  );
}
