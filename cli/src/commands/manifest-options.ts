/**
 * What the commands over manifests have in common: their options, and how they read the file and the configuration of injection.
 * What is done with an object is each command's own.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import {
  defaultConfig,
  parseInjectionConfig,
  scopes,
  type InjectionConfig,
  type NamespaceFacts,
  type Scope,
} from "@outrigger/webhook/inject";
import { parseText } from "../config/document.ts";
import type { Io } from "../io.ts";
import { reportProblem } from "../output/problem.ts";

/** What a manifest does not say of the cluster that it is meant for, as the options tell it. */
export interface ManifestFlags {
  readonly namespaceLabel: Readonly<Record<string, string>>;
  readonly namespaceAnnotation: Readonly<Record<string, string>>;
  readonly scope?: Scope;
  readonly image?: string;
  readonly config?: string;
}

/** Adds the options. */
export function addManifestOptions(command: Command): Command {
  return command
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
    .option("--config <file>", "the webhook's configuration of injection");
}

/** An option whose values are pairs, collected into one object. */
export function createPairOption(flags: string, help: string): Option {
  return new Option(flags, help).argParser(collect).default({}, "none");
}

/** Commander hands the earlier values in; a pair without `=` is wrong usage. */
function collect(text: string, earlier: Readonly<Record<string, string>>): Record<string, string> {
  const equals = text.indexOf("=");
  if (equals < 1) throw new InvalidArgumentError("Expected KEY=VALUE.");
  return { ...earlier, [text.slice(0, equals)]: text.slice(equals + 1) };
}

/** The configuration of injection that the options name; undefined where it can't be used, which is reported here. */
export function readConfig(
  io: Io,
  { config: file, image }: Pick<ManifestFlags, "config" | "image">,
): InjectionConfig | undefined {
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

/** What is known of a namespace, with what the options say of it before that. */
export function mergeFacts(
  known: NamespaceFacts | undefined,
  { namespaceLabel, namespaceAnnotation }: Pick<ManifestFlags, "namespaceLabel" | "namespaceAnnotation">,
): NamespaceFacts {
  return {
    labels: { ...known?.labels, ...namespaceLabel },
    annotations: { ...known?.annotations, ...namespaceAnnotation },
  };
}

/** The text of the manifest; undefined where it can't be read, which is reported here. */
export async function readInput(io: Io, filename: string): Promise<string | undefined> {
  return filename === "-" ? io.readStdin() : readFile(io, filename);
}

/** The text of a file; undefined where it can't be read, which is reported here. */
export function readFile(io: Io, file: string): string | undefined {
  try {
    return readFileSync(resolve(io.cwd, file), "utf8");
  } catch (error) {
    const what = `Can't read ${file}: ${error instanceof Error ? error.message : String(error)}.`;
    reportProblem(io, { code: "OUTRIGGER_ERR_USAGE", what });
    return undefined;
  }
}

/** How problems name the file. */
export const nameOf = (filename: string): string => (filename === "-" ? "stdin" : filename);
