/**
 * Reads the installation's policy: one document for everybody, and under `namespaces` and `servers` further documents that
 * narrow it. Pure. The documents stay as people wrote them: that is what is signed.
 */
import { parsePolicyDocument } from "@outrigger/policy";
import { checkConditions } from "@outrigger/policy/conditions";
import { parseDocument } from "yaml";

/** The documents. `servers` is keyed by `<namespace>/<server>`. */
export interface PolicySet {
  readonly installation: unknown;
  readonly namespaces: ReadonlyMap<string, unknown>;
  readonly servers: ReadonlyMap<string, unknown>;
}

/** The policy, or every problem with it as one sentence. */
export type ReadPolicy =
  { readonly ok: true; readonly policy: PolicySet } | { readonly ok: false; readonly problems: readonly string[] };

/** Reads YAML. An empty text is refused: it must not look like a policy that allows everything. */
export function readPolicy(text: string): ReadPolicy {
  const yaml = parseDocument(text, { prettyErrors: true });
  if (yaml.errors.length > 0) return { ok: false, problems: yaml.errors.map((error) => error.message) };
  const value: unknown = yaml.toJS();
  if (!isRecord(value)) return { ok: false, problems: ["the policy holds no document; write {} to allow everything"] };
  const { namespaces, servers, ...installation } = value;
  const problems = checkDocument(installation, []);
  const policy = {
    installation,
    namespaces: readMap(namespaces, { name: "namespaces", form: /^[^/]+$/ }, problems),
    servers: readMap(servers, { name: "servers", form: /^[^/]+\/[^/]+$/ }, problems),
  };
  return problems.length > 0 ? { ok: false, problems } : { ok: true, policy };
}

/** The layers of a namespace, or of one of its servers: each narrows those before it. */
export function layersOf(policy: PolicySet, namespace: string, server?: string): readonly unknown[] {
  const own = server === undefined ? undefined : policy.servers.get(`${namespace}/${server}`);
  return [policy.installation, policy.namespaces.get(namespace), own].filter((layer) => layer !== undefined);
}

/** The servers of a namespace that have a document of their own, in order. */
export function serversOf(policy: PolicySet, namespace: string): readonly string[] {
  const prefix = `${namespace}/`;
  const names = [...policy.servers.keys()].filter((key) => key.startsWith(prefix));
  return names.map((key) => key.slice(prefix.length)).sort();
}

function readMap(
  value: unknown,
  { name, form }: { readonly name: string; readonly form: RegExp },
  problems: string[],
): ReadonlyMap<string, unknown> {
  if (value === undefined || value === null) return new Map();
  if (!isRecord(value)) {
    problems.push(`${name}: expected an object of documents`);
    return new Map();
  }
  for (const [key, document] of Object.entries(value)) {
    if (!form.test(key)) problems.push(`${name}.${key}: expected the name of one of ${name}`);
    problems.push(...checkDocument(document, [name, key]));
  }
  return new Map(Object.entries(value));
}

function checkDocument(document: unknown, path: readonly string[]): string[] {
  const read = parsePolicyDocument(document);
  const problems = read.ok ? checkConditions(read.document) : read.problems;
  return problems.map((problem) => {
    const where = [...path, ...problem.path].join(".");
    return `${where === "" ? "the document" : where}: expected ${problem.expected}`;
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
