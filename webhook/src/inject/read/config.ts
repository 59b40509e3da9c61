/** Reads the configuration of injection from a parsed file: strict, all problems at once, unknown keys refused. */
import { keys } from "@outrigger/api/keys";
import type { FileProblem } from "@outrigger/api/server-file";
import { parseDnsLabel, type Parsed } from "@outrigger/api/values";
import { auditWords, defaultableKeys, defaultConfig, sidecarKinds, type InjectionConfig } from "../config.ts";
import { isObject, readMember, type JsonObject } from "./json.ts";
import { readTemplate } from "./template.ts";

/** Result of reading a configuration: the whole of it, or every problem with its path. */
export type ReadConfig =
  | { readonly ok: true; readonly config: InjectionConfig }
  | { readonly ok: false; readonly problems: readonly FileProblem[] };

type Reader = (value: unknown) => Parsed<unknown>;

const refuse = (expected: string): Parsed<never> => ({ ok: false, expected });
const accept = (value: unknown): Parsed<unknown> => ({ ok: true, value });
const readTextLike =
  (pattern: RegExp, expected: string): Reader =>
  (value) =>
    typeof value === "string" && pattern.test(value) ? accept(value) : refuse(expected);
const readWordOf =
  (...words: readonly string[]): Reader =>
  (value) =>
    words.some((word) => word === value) ? accept(value) : refuse(words.map((w) => JSON.stringify(w)).join(" or "));
const readListOf =
  (item: Reader, expected: string): Reader =>
  (value) =>
    Array.isArray(value) && value.every((each) => item(each).ok) ? accept(value) : refuse(expected);
const readPort: Reader = (value) =>
  Number.isInteger(value) && Number(value) >= 1024 && Number(value) <= 65_535
    ? accept(value)
    : refuse("a port from 1024 to 65535");
const printable = readTextLike(/^[!-~]{1,512}$/, "a text of 1-512 printable characters without blanks");
const label: Reader = (value) => parseDnsLabel(typeof value === "string" ? value : "");
const subdomain = readTextLike(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, "a DNS name");

const objectReaders: Readonly<Record<string, Readonly<Record<string, Reader>>>> = {
  ports: { data: readPort, control: readPort, admin: readPort, app: readPort },
  foreign: {
    containers: readListOf(label, "a list of container names"),
    networkInits: readListOf(label, "a list of container names"),
    env: readListOf(printable, "a list of variable names"),
    mountPaths: readListOf(readTextLike(/^\/[!-~]{1,255}$/, "a path"), "a list of absolute paths"),
    probePorts: readListOf(readPort, "a list of ports from 1024 to 65535"),
  },
  defaults: Object.fromEntries(
    defaultableKeys.map((name) => [name, (value) => keys[name].parse(typeof value === "string" ? value : "")]),
  ),
};

const readers: Readonly<Record<string, Reader>> = {
  version: printable,
  image: printable,
  shimImage: printable,
  sidecarKind: readWordOf(...sidecarKinds),
  // Read last, when the ports are known.
  sidecarTemplate: accept,
  imagePullPolicy: readWordOf("Always", "IfNotPresent", "Never"),
  imagePullSecrets: readListOf(subdomain, "a list of names of Secrets"),
  ownNamespace: label,
  systemNamespaces: readListOf(label, "a list of namespaces"),
  clusterDomain: subdomain,
  kubernetesVersion: readTextLike(/^1\.[0-9]{1,3}$/, 'a version such as "1.33"'),
  platform: readWordOf("kubernetes", "openshift"),
  audit: readWordOf(...auditWords),
  otlpEndpoint: readTextLike(/^https?:\/\/[!-~]{1,256}$/, 'an address such as "http://collector.telemetry:4318"'),
};

/** Reads a configuration over the defaults. Unknown keys are refused; all problems come at once. */
export function parseInjectionConfig(value: unknown): ReadConfig {
  const problems: FileProblem[] = [];
  if (!isObject(value)) return { ok: false, problems: [{ path: [], expected: "an object" }] };
  const known = { ...readers, ...objectReaders };
  const read: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const nested = Object.hasOwn(objectReaders, key) ? objectReaders[key] : undefined;
    const reader = Object.hasOwn(readers, key) ? readers[key] : undefined;
    if (nested !== undefined) read[key] = readNested(member, { key, readers: nested }, problems);
    else if (reader !== undefined) read[key] = check(member, { path: [key], reader }, problems);
    else problems.push({ path: [key], expected: `no such key; known are ${Object.keys(known).join(", ")}` });
  }
  // Every member was checked by its own reader, and the defaults hold all of them.
  const flat: InjectionConfig = { ...defaultConfig, ...read };
  const config = { ...flat, sidecarTemplate: readTemplate(read["sidecarTemplate"], flat.ports, problems) };
  if (new Set(Object.values(config.ports)).size < 4)
    problems.push({ path: ["ports"], expected: "four different ports" });
  return problems.length === 0 ? { ok: true, config } : { ok: false, problems };
}

function readNested(
  value: unknown,
  at: { readonly key: string; readonly readers: Readonly<Record<string, Reader>> },
  problems: FileProblem[],
): JsonObject {
  const fallback = readMember(defaultConfig, at.key);
  if (!isObject(value)) {
    problems.push({ path: [at.key], expected: `an object with ${Object.keys(at.readers).join(", ")}` });
    return {};
  }
  const read: Record<string, unknown> = isObject(fallback) ? { ...fallback } : {};
  for (const [key, member] of Object.entries(value)) {
    const reader = Object.hasOwn(at.readers, key) ? at.readers[key] : undefined;
    if (reader !== undefined) read[key] = check(member, { path: [at.key, key], reader }, problems);
    else {
      const expected = `no such key; known are ${Object.keys(at.readers).join(", ")}`;
      problems.push({ path: [at.key, key], expected });
    }
  }
  return read;
}

function check(
  value: unknown,
  at: { readonly path: readonly string[]; readonly reader: Reader },
  problems: FileProblem[],
): unknown {
  const parsed = at.reader(value);
  if (!parsed.ok) problems.push({ path: at.path, expected: parsed.expected });
  return value;
}
