/** `outrigger call`: calls one tool through the endpoint, as any MCP client would, and prints what it answers. */
import { Command, Option } from "commander";
import { callTool } from "../mcp-call.ts";
import type { Endpoint } from "../endpoint.ts";
import type { Io } from "../io.ts";
import { formatContent, makeSafe } from "../output/content.ts";
import { reportProblem } from "../output/problem.ts";
import { searchTools } from "../rest.ts";
import { readVersion } from "../version.ts";
import { readCallInput } from "./call-input.ts";
import { readOutcome, type CallOutcome } from "./call-outcome.ts";
import { addCredentialOptions, sayWhoCalls, type CredentialChoice } from "./credential-options.ts";
import { createEndpointOption, pickCallerEndpoint, reportUnreachable } from "./endpoint-option.ts";

interface CallOptions extends CredentialChoice {
  readonly endpoint?: string;
  readonly json?: string;
  readonly output: "text" | "json";
}

const examples = `
Examples:
  outrigger call files__read_text_file --json '{"path":"notes.txt"}'
  outrigger call git__git_log --json @arguments.json -o json
  echo '{"message":"hello"}' | outrigger call everything__echo -`;

/** Builds the command. */
export function createCallCommand(io: Io): Command {
  return addCredentialOptions(new Command("call"))
    .argument("<tool>", "the name that outrigger search shows")
    .argument("[-]", "read the arguments from stdin")
    .option("--json <arguments>", "the arguments as a JSON object, or @FILE")
    .addOption(createEndpointOption())
    .addOption(
      new Option("-o, --output <form>", "the content as text, or the raw result as JSON")
        .choices(["text", "json"])
        .default("text"),
    )
    .addHelpText("after", examples)
    .action(async (tool: string, dash: string | undefined, options: CallOptions) => {
      await runCall(io, { tool, dash, options });
    });
}

interface Typed {
  readonly tool: string;
  readonly dash: string | undefined;
  readonly options: CallOptions;
}

async function runCall(io: Io, { tool, dash, options }: Typed): Promise<void> {
  const endpoint = pickCallerEndpoint(io, options);
  if (endpoint === undefined) return;
  if (dash !== undefined && dash !== "-") {
    reportProblem(io, {
      code: "OUTRIGGER_ERR_USAGE",
      what: `Expected - or nothing after the tool, got "${dash}".`,
    });
    return;
  }
  const input = await readCallInput(io, { json: options.json, dash: dash === "-" });
  if (!input.ok) {
    reportProblem(io, { code: "OUTRIGGER_ERR_USAGE", what: input.what });
    return;
  }
  const { mcpUrl: url, credentials } = endpoint;
  const call = { url, credentials, name: tool, arguments: input.value, clientVersion: readVersion() };
  const outcome = readOutcome(tool, await callTool(call));
  writeResult(io, outcome, options.output);
  if (outcome.code !== undefined)
    await reportOutcome(io, endpoint, { ...outcome, tool, code: outcome.code, what: outcome.what ?? "" });
}

function writeResult(io: Io, { result }: CallOutcome, form: CallOptions["output"]): void {
  if (result === undefined) return;
  if (form === "json") {
    io.out.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  const text = formatContent(result);
  // A file or a pipe gets the bytes as they are; a terminal must not obey what a tool writes.
  const shown = io.out.columns() === undefined ? text : makeSafe(text);
  if (shown !== "") io.out.write(shown.endsWith("\n") ? shown : `${shown}\n`);
}

interface Failed extends Pick<CallOutcome, "isCallerRefused"> {
  readonly tool: string;
  readonly code: NonNullable<CallOutcome["code"]>;
  readonly what: string;
}

async function reportOutcome(io: Io, endpoint: Endpoint, failed: Failed): Promise<void> {
  const { tool, code, what, isCallerRefused } = failed;
  if (code === "OUTRIGGER_ERR_ENDPOINT_UNREACHABLE") {
    reportUnreachable(io, endpoint, what);
    return;
  }
  if (code !== "OUTRIGGER_ERR_TOOL_UNKNOWN") {
    const refusal = {
      what: `${endpoint.base} (from ${endpoint.setting}) refused the call.`,
      details: [what],
      next: sayWhoCalls,
    };
    reportProblem(io, { code, ...(isCallerRefused === true ? refusal : { what }) });
    return;
  }
  const words = tool.replaceAll(/[_.-]+/g, " ").trim();
  reportProblem(io, {
    code,
    what: `There is no tool "${tool}".`,
    details: await suggest(endpoint, { what, words }),
    next: `outrigger search "${words}"`,
  });
}

/** The names that the endpoint suggests, else those that a search for the words of the name finds. */
async function suggest(
  endpoint: Endpoint,
  unknown: { readonly what: string; readonly words: string },
): Promise<string[]> {
  const named = /nearest names are: (.+)$/i.exec(unknown.what)?.[1];
  if (named !== undefined) return [`Nearest: ${makeSafe(named)}`];
  const found = await searchTools(endpoint, { text: unknown.words, limit: 3 });
  const names = found.ok ? found.tools.map((each) => makeSafe(each.name)) : [];
  return names.length === 0 ? [] : [`Nearest: ${names.join(", ")}`];
}
