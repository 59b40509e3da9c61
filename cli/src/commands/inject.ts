/**
 * `outrigger inject`: what the webhook would make of manifests, without a cluster, or the way back. The result goes to stdout, one line per
 * object to stderr. Where one object is refused nothing is printed, so that no half goes on to `kubectl apply`.
 */
import { Command, Option } from "commander";
import { keys } from "@outrigger/api/keys";
import {
  injectManifest,
  uninjectManifest,
  type InjectionConfig,
  type ManifestResult,
  type Operation,
  type UninjectResult,
} from "@outrigger/webhook/inject";
import type { Io } from "../io.ts";
import { reportProblem } from "../output/problem.ts";
import { formatJson, readDocuments, type ManifestDocument } from "./inject-documents.ts";
import { patchText } from "./inject-patch.ts";
import { addManifestOptions, nameOf, readConfig, readInput, type ManifestFlags } from "./manifest-options.ts";

interface InjectOptions extends ManifestFlags {
  readonly filename: string;
  readonly namespace: string;
  readonly output?: "yaml" | "json";
  readonly uninject?: true;
}

const examples = `
Examples:
  outrigger inject -f deployment.yaml
  outrigger inject -f deployment.yaml --namespace-label outrigger.dev/inject=enabled | kubectl apply -f -
  kubectl get deployment search -o json | outrigger inject -f - --scope namespace
  outrigger inject -f all.yaml --config injection.json -o json
  outrigger inject --uninject -f injected.yaml`;

/** Builds the command. */
export function createInjectCommand(io: Io): Command {
  const command = new Command("inject")
    .requiredOption("-f, --filename <file>", "manifest in YAML or JSON, - for stdin")
    .option("-n, --namespace <name>", "namespace of objects that name none", "default");
  return addManifestOptions(command)
    .addOption(
      new Option("--uninject", "take out what injection added, and put back what it replaced").conflicts([
        "namespaceLabel",
        "namespaceAnnotation",
        "scope",
        "image",
        "config",
      ]),
    )
    .addOption(new Option("-o, --output <form>", "default: the form of the input").choices(["yaml", "json"]))
    .addHelpText("after", examples)
    .action((options: InjectOptions) => runInject(io, options));
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
  const work = options.uninject === true ? uninjectDocument : injectDocument;
  const injected = read.documents.map((document) => work(document, options, config));
  for (const line of injected.flatMap((each) => each.told(io))) io.err.write(line);
  if (reportRefused(injected, io)) return;
  const format = chooseForm(options, text) === "json" ? formatAsJson : formatAsYaml;
  io.out.write(format(injected));
}

function chooseForm({ output }: InjectOptions, text: string): "yaml" | "json" {
  return output ?? (/^\s*[[{]/.test(text) ? "json" : "yaml");
}

/** True where something was refused. */
function reportRefused(documents: readonly InjectedDocument[], io: Io): boolean {
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const refused = sum(documents.map((each) => each.refused));
  const all = sum(documents.map((each) => each.objects));
  const objects = all === 1 ? "object" : "objects";
  const what = `${refused} of ${all} ${objects} can't be injected, so nothing was printed.`;
  if (refused > 0) reportProblem(io, { code: "OUTRIGGER_ERR_INJECTION_REFUSED", what });
  return refused > 0;
}

/** A document after its patch, and what is told of its objects. */
interface InjectedDocument {
  readonly text: string;
  readonly told: (io: Io) => readonly string[];
  readonly objects: number;
  readonly refused: number;
}

function injectDocument(document: ManifestDocument, options: InjectOptions, config: InjectionConfig): InjectedDocument {
  if (document.value === undefined) return untouched(document);
  const results = injectManifest(document.value, {
    namespace: options.namespace,
    facts: { labels: options.namespaceLabel, annotations: options.namespaceAnnotation },
    config,
    ...(options.scope === undefined ? {} : { scope: options.scope }),
  });
  return {
    text: patchWith(document, results),
    told: (io) => results.map((result) => formatResult(result, io)),
    objects: results.length,
    refused: results.filter((result) => result.admission.action === "deny").length,
  };
}

function uninjectDocument(document: ManifestDocument, options: InjectOptions): InjectedDocument {
  if (document.value === undefined) return untouched(document);
  const results = uninjectManifest(document.value, options.namespace);
  return {
    text: patchWith(document, results),
    told: (io) => results.map((result) => formatUninjected(result, io)),
    objects: results.length,
    refused: 0,
  };
}

const untouched = ({ text }: ManifestDocument): InjectedDocument => ({ text, told: () => [], objects: 0, refused: 0 });

const patchWith = (document: ManifestDocument, results: readonly { readonly patch: readonly Operation[] }[]): string =>
  patchText(
    document,
    results.flatMap(({ patch }) => patch),
  );

const formatAsYaml = (documents: readonly InjectedDocument[]): string =>
  documents.map(({ text }) => (text.endsWith("\n") ? text : `${text}\n`)).join("");

/** Written texts are read once more, so that both forms say the same. */
function formatAsJson(documents: readonly InjectedDocument[]): string {
  const read = readDocuments(formatAsYaml(documents));
  if (!read.ok) throw new Error(`what was written can't be read: ${read.problems.join("; ")}`);
  return formatJson(read.documents.map((document) => document.value).filter((value) => value !== undefined));
}

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

/** One line per object, and one more where the sidecar would come back. */
function formatUninjected({ kind, name, namespace, reason, isOptedIn }: UninjectResult, io: Io): string {
  const { paint } = io.err;
  const outcome = reason === "Uninjected" ? paint.good("sidecar taken out") : paint.faint("unchanged");
  const hint = `  ${paint.warn("note:")} its label ${keys.inject.key}=enabled asks for a sidecar where Outrigger is installed\n`;
  const line = `${paint.name(`${kind}/${name}`)} in ${namespace}: ${outcome} ${paint.faint(`[${reason}]`)}\n`;
  return isOptedIn ? `${line}${hint}` : line;
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
