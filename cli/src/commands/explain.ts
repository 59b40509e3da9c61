/**
 * `outrigger explain`: what the webhook does with an object and why, offline for manifests and admission reviews, or for an object of a
 * cluster; and why a tool is hidden, refused or ranked where it is.
 */
import { Command } from "commander";
import type { InjectionConfig } from "@outrigger/webhook/inject";
import { pickDefined } from "../explain/defined.ts";
import { explain } from "../explain/explain.ts";
import type { Explanation } from "../explain/explanation.ts";
import { readSubjects, type Found } from "../explain/read-subjects.ts";
import { toExitCode } from "../explain/tally.ts";
import type { Io } from "../io.ts";
import { formatExplanationsJson } from "../output/explain-json.ts";
import { formatExplanations } from "../output/explain-text.ts";
import { reportProblem } from "../output/problem.ts";
import { addToolOptions, runExplainTool, type ToolFlags } from "./explain-tool.ts";
import { addClusterOptions, runExplainObject, type ClusterFlags } from "./explain-object.ts";
import { readDocuments } from "./inject-documents.ts";
import {
  addManifestOptions,
  mergeFacts,
  nameOf,
  readConfig,
  readInput,
  type ManifestFlags,
} from "./manifest-options.ts";

/** All options; which belong together is said by the examples. */
export interface ExplainFlags extends ManifestFlags, ClusterFlags, ToolFlags {
  readonly filename?: string;
  readonly namespace?: string;
  readonly json?: true;
}

const examples = `
Examples:
  outrigger explain -f deployment.yaml
  outrigger explain -f all.yaml --namespace-label outrigger.dev/inject=enabled --json
  outrigger explain deployment/search -n tools
  outrigger explain tool tools__search__delete_file --caller user:alice --group staff
  outrigger explain tool delete_file --server search --policy policy.yaml
  outrigger explain tool tools__search__query --query "find a document"

Exit codes: 0 admitted or allowed, 2 wrong usage or file, 3 no such thing, 4 refused, 5 the API server or aggregator can't be reached.`;

/** Builds the command. */
export function createExplainCommand(io: Io): Command {
  const command = new Command("explain")
    .argument("[subject...]", "KIND/NAME of an object in a cluster, or: tool NAME")
    .option("-f, --filename <file>", "manifest or admission review in YAML or JSON, - for stdin")
    .option("-n, --namespace <name>", 'namespace of the object, or of objects that name none; default: "default"')
    .option("--json", "print one JSON document");
  return addToolOptions(addClusterOptions(addManifestOptions(command)))
    .addHelpText("after", examples)
    .action((words: readonly string[], flags: ExplainFlags) => runExplain(io, words, flags));
}

async function runExplain(io: Io, words: readonly string[], flags: ExplainFlags): Promise<void> {
  const [first, second, ...more] = words;
  const problem = findUsageProblem(words, flags);
  if (problem !== undefined || more.length > 0) {
    const what = problem ?? "Expected one object, or tool and its name.";
    reportProblem(io, { code: "OUTRIGGER_ERR_USAGE", what, next: "outrigger explain --help" });
    return;
  }
  if (flags.filename !== undefined) await explainFile(io, flags.filename, flags);
  else if (first === "tool" && second !== undefined) await runExplainTool(io, second, flags);
  else if (first !== undefined) await runExplainObject(io, second === undefined ? first : `${first}/${second}`, flags);
}

function findUsageProblem(words: readonly string[], { filename }: ExplainFlags): string | undefined {
  if (filename !== undefined)
    return words.length > 0 ? "--filename explains a file, so no object is named beside it." : undefined;
  if (words.length === 0) return "Expected --filename, or an object such as deployment/search, or: tool NAME.";
  return words.length === 1 && words[0] === "tool" ? "Expected the name of a tool behind the word tool." : undefined;
}

async function explainFile(io: Io, filename: string, flags: ExplainFlags): Promise<void> {
  const config = readConfig(io, flags);
  const text = config === undefined ? undefined : await readInput(io, filename);
  if (config === undefined || text === undefined) return;
  const read = readDocuments(text);
  const values = read.ok ? read.documents.map(({ value }) => value).filter((value) => value !== undefined) : [];
  const found = read.ok ? readSubjects(values, flags.namespace ?? "default") : read;
  if (!found.ok) {
    const details = found.problems.map((problem) => `${nameOf(filename)}: ${problem}`);
    reportProblem(io, { code: "OUTRIGGER_ERR_MANIFEST_INVALID", details });
    return;
  }
  report(io, explainAll(found, flags, config), flags);
}

function explainAll(
  { subjects, namespaces, services }: Found,
  flags: ExplainFlags,
  config: InjectionConfig,
): readonly Explanation[] {
  return subjects.map((subject) => {
    const facts = mergeFacts(namespaces.get(subject.namespace), flags);
    return explain(subject, pickDefined({ facts, config, services, scope: flags.scope }));
  });
}

function report(io: Io, explanations: readonly Explanation[], { json }: ExplainFlags): void {
  const { paint, columns } = io.out;
  io.out.write(
    json === true
      ? formatExplanationsJson(explanations)
      : formatExplanations(explanations, { paint, columns: columns() }),
  );
  io.setExitCode(toExitCode(explanations));
}
