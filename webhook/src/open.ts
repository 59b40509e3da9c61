/** Opens what the webhook reads from outside: configuration, namespaces, certificates. All problems at once; starts nothing. */
import { writeFileSync } from "node:fs";
import { createFileSource, createSelfSource, listServiceNames, type CertificateSource } from "@outrigger/certs";
import type { Settings } from "@outrigger/runtime/config";
import { defaultConfig, type InjectionConfig } from "./inject/config.ts";
import { parseInjectionConfig } from "./inject/read/config.ts";
import {
  createListedNamespaces,
  createStaticNamespaces,
  parseNamespaceList,
  type NamespaceSource,
} from "./server/namespaces.ts";
import type { ReloadSubject } from "./server/metrics.ts";
import { watchFile, type ParsedContent, type WatchedFile } from "./server/watched-file.ts";
import type { settingTable } from "./settings.ts";

/** Everything that the webhook reads while it runs. */
export interface Inputs {
  readonly config: () => InjectionConfig;
  readonly namespaces: NamespaceSource;
  readonly certificates: CertificateSource;
  readonly close: () => void;
}

/** Told of everything that was read again; `problem` is set where it was refused and the last good one stays. */
export type OnReload = (subject: ReloadSubject, problem?: string) => void;

/** Result of opening: the inputs, or every problem. */
export type OpenedInputs =
  { readonly ok: true; readonly inputs: Inputs } | { readonly ok: false; readonly problems: readonly string[] };

type Values = Settings<typeof settingTable>["values"];
type Opened<T> =
  | { readonly ok: true; readonly value: T; readonly close: () => void }
  | { readonly ok: false; readonly problem: string };

const authorityLifetimeMs = 365 * 86_400_000;
const leafLifetimeMs = 7 * 86_400_000;
const clockCheckMs = 60_000;

/** Opens all inputs. */
export async function openInputs(values: Values, onReload: OnReload): Promise<OpenedInputs> {
  const config = openConfig(values, onReload);
  const namespaces = openNamespaces(values, onReload);
  const inForce = config.ok ? config.value() : defaultConfig;
  const certificates = await openCertificates(values, inForce, onReload);
  const opened = [config, namespaces, certificates];
  const close = (): void => opened.forEach((each) => each.ok && each.close());
  if (config.ok && namespaces.ok && certificates.ok) {
    const inputs = { config: config.value, namespaces: namespaces.value, certificates: certificates.value, close };
    return { ok: true, inputs };
  }
  close();
  return { ok: false, problems: opened.flatMap((each) => (each.ok ? [] : [each.problem])) };
}

function openConfig({ config, pollMs }: Values, onReload: OnReload): Opened<() => InjectionConfig> {
  if (config === undefined) return { ok: true, value: () => defaultConfig, close: () => undefined };
  return openFile({ path: config, parse: parseConfigText, pollMs, subject: "config" }, onReload);
}

function parseConfigText(text: string): ParsedContent<InjectionConfig> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
  const read = parseInjectionConfig(value);
  if (read.ok) return { ok: true, value: read.config };
  const problems = read.problems.map(({ path, expected }) => `${path.join(".") || "the file"}: expected ${expected}`);
  return { ok: false, problem: problems.join("; ") };
}

function openNamespaces(values: Values, onReload: OnReload): Opened<NamespaceSource> {
  const { namespaces: path, namespaceAnnotations, pollMs } = values;
  if (path !== undefined && namespaceAnnotations !== undefined)
    return { ok: false, problem: "--namespaces and --namespace-annotations exclude each other" };
  if (path === undefined) {
    const facts = namespaceAnnotations ?? { labels: {}, annotations: {} };
    return { ok: true, value: createStaticNamespaces(facts), close: () => undefined };
  }
  const opened = openFile({ path, parse: parseNamespaceList, pollMs, subject: "namespaces" }, onReload);
  return opened.ok ? { ...opened, value: createListedNamespaces(opened.value) } : opened;
}

function openFile<T>(
  file: {
    readonly path: string;
    readonly parse: (text: string) => ParsedContent<T>;
    readonly pollMs: number;
    readonly subject: ReloadSubject;
  },
  onReload: OnReload,
): Opened<WatchedFile<T>["current"]> {
  const watched = watchFile({
    ...file,
    onChange: () => onReload(file.subject),
    onProblem: (problem) => onReload(file.subject, problem),
  });
  return watched.ok ? { ok: true, value: watched.file.current, close: watched.file.close } : watched;
}

async function openCertificates(
  values: Values,
  config: InjectionConfig,
  onReload: OnReload,
): Promise<Opened<CertificateSource>> {
  const nowMs = (): number => Date.now();
  const onProblem = (problem: string): void => onReload("certificate", problem);
  if (values.certificates === "files") {
    const made = createFileSource({ folder: values.certificateFolder, pollMs: values.pollMs, nowMs, onProblem });
    return made.ok
      ? { ok: true, value: made.source, close: made.source.close }
      : { ok: false, problem: `--certificate-folder ${values.certificateFolder}: ${made.problem}` };
  }
  const names = [...listServiceNames(values.service, config.ownNamespace, config.clusterDomain), ...values.names];
  const times = { authorityLifetimeMs, leafLifetimeMs, checkMs: clockCheckMs };
  const source = await createSelfSource({ names, ...times, nowMs, onProblem });
  const written = writeAuthority(values.caOut, source.authorityPem);
  return written === undefined
    ? { ok: true, value: source, close: source.close }
    : { ok: false, problem: `--ca-out: ${written}` };
}

function writeAuthority(path: string | undefined, pem: string): string | undefined {
  try {
    if (path !== undefined) writeFileSync(path, pem);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
