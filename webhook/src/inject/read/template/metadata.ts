/** Labels and annotations of a sidecar template: what a platform wants on pods with a sidecar, and nothing that is ours to say. */
import { keyPrefix } from "@outrigger/api/keys";
import { isObject } from "../json.ts";
import type { Place, Report } from "./problems.ts";

const forms = {
  labels: { pattern: /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/, expected: "the value of a label" },
  annotations: { pattern: /^[^\0]{0,4096}$/, expected: "a text of at most 4096 characters; put numbers in quotes" },
} as const;

/** Reads one of the two maps. */
export function readTexts(
  value: unknown,
  kind: keyof typeof forms,
  at: { readonly path: Place; readonly report: Report },
): Record<string, string> {
  const { path, report } = at;
  const { pattern, expected } = forms[kind];
  if (value === undefined) return {};
  if (!isObject(value)) report(path, "an object of texts");
  const texts: [string, string][] = [];
  for (const [key, text] of Object.entries(isObject(value) ? value : {})) {
    if (key.startsWith(keyPrefix))
      report([...path, key], `no key that begins with ${keyPrefix}: those are for pods and namespaces to set`);
    else if (!/^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(key))
      report([...path, key], `the key of ${kind}`);
    else if (typeof text !== "string" || !pattern.test(text)) report([...path, key], expected);
    else texts.push([key, text]);
  }
  return Object.fromEntries(texts);
}
