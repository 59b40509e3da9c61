/** Where the labels and annotations of namespaces come from. A source answers from memory; none of them asks a cluster. */
import { isObject, parseObject, readList, readMember, readObject, readText } from "../inject/read/json.ts";
import type { NamespaceFacts } from "../inject/registration.ts";

/** Knows namespaces. `find` gives undefined for one that it does not know; it may wait a little for it to become known. */
export interface NamespaceSource {
  readonly find: (name: string) => Promise<NamespaceFacts | undefined>;
}

/** The same facts for every namespace: for a webhook that runs alone. */
export function createStaticNamespaces(facts: NamespaceFacts): NamespaceSource {
  return { find: () => Promise.resolve(facts) };
}

/** The namespaces of a file, by the reader that holds its latest good content. Others are not known. */
export function createListedNamespaces(read: () => ReadonlyMap<string, NamespaceFacts>): NamespaceSource {
  return { find: (name) => Promise.resolve(read().get(name)) };
}

/** Reads a NamespaceList as `kubectl get namespaces -o json` prints it. */
export function parseNamespaceList(
  text: string,
):
  | { readonly ok: true; readonly value: ReadonlyMap<string, NamespaceFacts> }
  | { readonly ok: false; readonly problem: string } {
  const list = parseObject(text);
  const items = readMember(list, "items");
  const metadata = readList(list, "items").map((item) => readObject(item, "metadata"));
  const isList = Array.isArray(items) && metadata.every((each) => readText(each, "name") !== undefined);
  if (!isList) return { ok: false, problem: "expected a JSON object with items, each with metadata.name" };
  const facts = metadata.map((each): [string, NamespaceFacts] => [
    readText(each, "name") ?? "",
    { labels: readObject(each, "labels"), annotations: readObject(each, "annotations") },
  ]);
  return { ok: true, value: new Map(facts) };
}

/** Reads annotations for all namespaces from a JSON object of strings, as a flag holds it. */
export function parseAnnotations(
  text: string,
): { readonly ok: true; readonly value: NamespaceFacts } | { readonly ok: false; readonly expected: string } {
  const value = parseObject(text);
  return isObject(value) && Object.values(value).every((each) => typeof each === "string")
    ? { ok: true, value: { labels: {}, annotations: value } }
    : { ok: false, expected: 'a JSON object of strings such as {"outrigger.dev/rate-limit":"60/m"}' };
}
