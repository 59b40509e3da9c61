/** Opens what the webhook reads from outside: configuration, cluster, namespaces, certificates. All problems at once. */
import { defaultConfig, type InjectionConfig } from "../inject/config.ts";
import { parseInjectionConfig } from "../inject/read/config.ts";
import type { ParsedContent } from "@outrigger/runtime/watched-file";
import { openCertificates, type OpenCertificates } from "./certificates.ts";
import { openFile } from "./file.ts";
import type { InputReports, Inputs, Opened, OpenedInputs, Values } from "./inputs.ts";
import { openSurroundings, type OpenSurroundings } from "./surroundings.ts";

/** Opens all inputs. */
export async function openInputs(values: Values, reports: InputReports): Promise<OpenedInputs> {
  const config = openConfig(values, reports);
  const inForce = config.ok ? config.value() : defaultConfig;
  const surroundings = await openSurroundings(values, inForce.ownNamespace, reports);
  const context = surroundings.ok ? surroundings.value.context : undefined;
  const certificates = await openCertificates(values, { config: inForce, context, reports });
  const opened = [config, surroundings, certificates];
  const close = async (): Promise<void> => {
    // The way to the API server is closed last: watches end on it.
    for (const each of [certificates, surroundings, config]) if (each.ok) await each.close();
  };
  if (config.ok && surroundings.ok && certificates.ok)
    return { ok: true, inputs: join(config.value, surroundings.value, { ...certificates.value, close }) };
  await close();
  return { ok: false, problems: opened.flatMap((each) => (each.ok ? [] : [each.problem])) };
}

function join(
  config: Inputs["config"],
  { namespaces, installation, checks }: OpenSurroundings,
  certificates: OpenCertificates & Pick<Inputs, "close">,
): Inputs {
  return {
    config,
    namespaces,
    installation,
    certificates: certificates.first,
    checks: { ...checks, ...certificates.checks },
    close: certificates.close,
  };
}

/** The namespace of the settings wins over the file's: it is where this very process runs. */
function openConfig({ config, namespace, pollMs }: Values, { onReload }: InputReports): Opened<() => InjectionConfig> {
  const place = namespace === undefined ? {} : { ownNamespace: namespace };
  const parse = (text: string): ParsedContent<InjectionConfig> => {
    const parsed = parseConfigText(text);
    return parsed.ok ? { ok: true, value: { ...parsed.value, ...place } } : parsed;
  };
  if (config !== undefined) return openFile({ path: config, parse, pollMs, subject: "config" }, onReload);
  const fixed = { ...defaultConfig, ...place };
  return { ok: true, value: () => fixed, close: () => undefined };
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
