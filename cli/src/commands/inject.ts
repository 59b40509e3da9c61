/**
 * `outrigger inject`: what the webhook would make of manifests, without a cluster. The result goes to stdout, one line per
 * object to stderr. Where one object is refused nothing is printed, so that no half goes on to `kubectl apply`.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import {
  defaultConfig,
  injectManifest,
  parseInjectionConfig,
  scopes,
  type InjectionConfig,
  type ManifestResult,
  type Operation,
  type Scope,
} from "@outrigger/webhook/inject";
import { parseText } from "../config/document.ts";
import type { Io } from "../io.ts";
import { reportProblem } from "../output/problem.ts";
import { formatJson, readDocuments, type ManifestDocument } from "./inject-documents.ts";
import { patchText } from "./inject-patch.ts";

interface InjectOptions {
  readonly filename: string;
  readonly namespace: string;
  readonly namespaceLabel: Readonly<Record<string, string>>;
  readonly namespaceAnnotation: Readonly<Record<string, string>>;
  readonly scope?: Scope;
  readonly image?: string;
  readonly config?: string;
  readonly output?: "yaml" | "json";
}

const examples = `
Examples:
  outrigger inject -f deployment.yaml
  outrigger inject -f deployment.yaml --namespace-label outrigger.dev/inject=enabled | kubectl apply -f -
  kubectl get deployment search -o json | outrigger inject -f - --scope namespace
  outrigger inject -f all.yaml --config injection.json -o json`;

/** Builds the command. */
export function createInjectCommand(io: Io): Command {
  return new Command("inject")
    .requiredOption("-f, --filename <file>", "manifest in YAML or JSON, - for stdin")
    .option("-n, --namespace <name>", "namespace of objects that name none", "default")
    .addOption(createPairOption("--namespace-label <key=value>", "a label of the namespace; may be repeated"))
    .addOption(
      createPairOption("--namespace-annotation <key=value>", "an annotation of the namespace; may be repeated"),
    )
    .addOption(
      new Option(
        "--scope <scope>",
        "ask as the webhook's entry for pod, namespace or enforced; default: as the labels select",
      ).choices(scopes),
    )
    .option("--image <image>", "image of the sidecar")
    .option("--config <file>", "the webhook's configuration of injection")
    .addOption(new Option("-o, --output <form>", "default: the form of the input").choices(["yaml", "json"]))
    .addHelpText("after", examples)
    .action((options: InjectOptions) => runInject(io, options));
}

const createPairOption = (flags: string, help: string): Option =>
  new Option(flags, help).argParser(collect).default({}, "none");

/** Commander hands the earlier values in; a pair without `=` is wrong usage. */
function collect(text: string, earlier: Readonly<Record<string, string>>): Record<string, string> {
  const equals = text.indexOf("=");
  if (equals < 1) throw new InvalidArgumentError("Expected KEY=VALUE.");
  return { ...earlier, [text.slice(0, equals)]: text.slice(equals + 1) };
}

async function runInject(io: Io, options: InjectOptions): Promise<void> {
  const config = readConfig(io, options);
  const text = config === undefined ? undefined : await readInput(io, options.filename);
  if (config === undefined || text === undefined) return;
  const read = readDocuments(text);
  if (!read.ok) {
    const details = read.problems.map((problem) => `${nameOf(options.filename)}: ${problem}`);
    reportProblem(io, { code: "OUTRIGGER_ERR_MANIFEST_INVALID", details });
    return;
  }
  const injected = read.documents.map((document) => injectDocument(document, options, config));
  if (
    reportResults(
      injected.flatMap((each) => each.results),
      io,
    ) > 0
  )
    return;
  const output = options.output ?? (/^\s*[[{]/.test(text) ? "json" : "yaml");
  io.out.write(output === "json" ? formatAsJson(injected) : formatAsYaml(injected));
}

/** Tells what happened to each object, and gives how many were refused. */
function reportResults(results: readonly ManifestResult[], io: Io): number {
  for (const result of results) io.err.write(formatResult(result, io));
  const refused = results.filter((result) => result.admission.action === "deny").length;
  const objects = results.length === 1 ? "object" : "objects";
  const what = `${refused} of ${results.length} ${objects} can't be injected, so nothing was printed.`;
  if (refused > 0) reportProblem(io, { code: "OUTRIGGER_ERR_INJECTION_REFUSED", what });
  return refused;
}

interface InjectedDocument {
  readonly results: readonly ManifestResult[];
  readonly text: string;
}

function injectDocument(document: ManifestDocument, options: InjectOptions, config: InjectionConfig): InjectedDocument {
  if (document.value === undefined) return { results: [], text: document.text };
  const results = injectManifest(document.value, {
    namespace: options.namespace,
    facts: { labels: options.namespaceLabel, annotations: options.namespaceAnnotation },
    config,
    ...(options.scope === undefined ? {} : { scope: options.scope }),
  });
  const patch = results.flatMap((result): readonly Operation[] => result.patch);
  return { results, text: patchText(document, patch) };
}

const formatAsYaml = (documents: readonly InjectedDocument[]): string =>
  documents.map(({ text }) => (text.endsWith("\n") ? text : `${text}\n`)).join("");

/** Written texts are read once more, so that both forms say the same. */
function formatAsJson(documents: readonly InjectedDocument[]): string {
  const read = readDocuments(formatAsYaml(documents));
  if (!read.ok) throw new Error(`what was written can't be read: ${read.problems.join("; ")}`);
  return formatJson(read.documents.map((document) => document.value).filter((value) => value !== undefined));
}

function readConfig(io: Io, { config: file, image }: InjectOptions): InjectionConfig | undefined {
  const withImage = (config: InjectionConfig): InjectionConfig => (image === undefined ? config : { ...config, image });
  if (file === undefined) return withImage(defaultConfig);
  const text = readFile(io, file);
  if (text === undefined) return undefined;
  const parsed = parseText(text);
  const read = parsed.ok ? parseInjectionConfig(parsed.parsed.value) : undefined;
  if (parsed.ok && read?.ok === true) return withImage(read.config);
  const problems = parsed.ok
    ? (read?.ok === false ? read.problems : []).map(({ path, expected }) => ({
        line: parsed.parsed.lineOf(path),
        message: `${path.join(".")}: expected ${expected}`,
      }))
    : parsed.problems;
  const details = problems.map(({ line, message }) => `${file}: line ${line}: ${message}`);
  reportProblem(io, { code: "OUTRIGGER_ERR_CONFIG_INVALID", details });
  return undefined;
}

async function readInput(io: Io, filename: string): Promise<string | undefined> {
  return filename === "-" ? io.readStdin() : readFile(io, filename);
}

function readFile(io: Io, file: string): string | undefined {
  try {
    return readFileSync(resolve(io.cwd, file), "utf8");
  } catch (error) {
    const what = `Can't read ${file}: ${error instanceof Error ? error.message : String(error)}.`;
    reportProblem(io, { code: "OUTRIGGER_ERR_USAGE", what });
    return undefined;
  }
}

const nameOf = (filename: string): string => (filename === "-" ? "stdin" : filename);

/** One line per object: what, decision, reason; then each problem and warning on a line of its own. */
function formatResult({ kind, name, namespace, admission, warnings }: ManifestResult, io: Io): string {
  const { paint } = io.err;
  const problems = admission.action === "deny" ? admission.problems : [];
  const object = paint.name(`${kind}/${name}`);
  const lines = [
    `${object} in ${namespace}: ${formatDecision(admission, io)} ${paint.faint(`[${admission.reason}]`)}`,
    ...problems.map(({ text, reason }) => `  ${paint.bad("problem:")} ${text} ${paint.faint(`[${reason}]`)}`),
    ...warnings.map(({ text, reason }) => `  ${paint.warn("warning:")} ${text} ${paint.faint(`[${reason}]`)}`),
  ];
  return `${lines.join("\n")}\n`;
}

function formatDecision(admission: ManifestResult["admission"], { err: { paint } }: Io): string {
  switch (admission.action) {
    case "inject":
      return admission.patch.length === 0 ? paint.faint("unchanged") : paint.good("injected");
    case "skip":
    case "pass":
      return paint.faint("unchanged");
    case "deny":
      return paint.bad("refused");
  }
}
