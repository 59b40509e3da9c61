/**
 * Applies a patch to the text of a YAML document. Comments, order, quotes and every scalar that the patch does not name stay
 * as they were written; indentation follows the document's own.
 */
import {
  isCollection,
  isMap,
  isNode,
  isSeq,
  Pair,
  parseDocument,
  Scalar,
  stringify,
  visit,
  YAMLMap,
  YAMLSeq,
  type Document,
  type Node,
  type ToStringOptions,
} from "yaml";
import { parsePointer, type Operation } from "@outrigger/webhook/inject";
import type { ManifestDocument } from "./inject-documents.ts";

/** The document's text after the patch. An empty patch changes nothing, not even a blank. */
export function patchText(document: ManifestDocument, patch: readonly Operation[]): string {
  if (patch.length === 0) return document.text;
  const parsed = openDocument(document);
  for (const operation of patch) apply(parsed, operation);
  return parsed.toString({ lineWidth: 0, ...readStyle(document.text) });
}

/**
 * Opens the text so that every scalar keeps its spelling. Where parts are shared by anchors or merge keys, a change at one
 * place would show at another: such a document is written out in full. JSON is written in lines, which texts of several lines need.
 */
function openDocument({ text, value }: ManifestDocument): Document {
  const document: Document = parseDocument(text, { schema: "failsafe" });
  if (hasAlias(document)) document.contents = toNode(value);
  else if (isCollection(document.contents) && document.contents.flow === true) writeInLines(document);
  return document;
}

function writeInLines(document: Document): void {
  visit(document, {
    Collection: (_key, collection) => {
      collection.flow = collection.items.length === 0;
    },
  });
}

function hasAlias(document: Document): boolean {
  const aliases: unknown[] = [];
  visit(document, { Alias: (_key, alias) => void aliases.push(alias) });
  return aliases.length > 0;
}

function readStyle(text: string): ToStringOptions {
  const indent = /^( +)[^\s#-]/m.exec(text)?.[1]?.length ?? 2;
  return {
    indent: Math.min(8, Math.max(2, indent)),
    // A list whose dashes stand under their key.
    indentSeq: !/^( *)[^\s#-][^\n]*:[ \t]*\n(?:[ \t]*(?:#[^\n]*)?\n)*\1- /m.test(text),
    // Behind a key or a dash: texts inside quotes hold brackets too.
    flowCollectionPadding: /^[^"'|>]*[:-] [[{] /m.test(text),
  };
}

function apply(document: Document, operation: Operation): void {
  const path = parsePointer(operation.path);
  switch (operation.op) {
    case "test":
      check(document, path, operation.value);
      break;
    case "add":
    case "replace":
      put(document, path, { node: toNode(operation.value), isInsert: operation.op === "add" });
      break;
    case "remove":
      document.deleteIn(path);
      break;
    case "move": {
      const from = parsePointer(operation.from);
      const node: unknown = document.getIn(from, true);
      if (!isNode(node)) throw new Error(`the manifest has nothing at ${operation.from}`);
      document.deleteIn(from);
      put(document, path, { node, isInsert: true });
    }
  }
}

/** A patch is made for this very document, so a test that fails is a fault of ours. */
function check(document: Document, path: readonly string[], expected: unknown): void {
  if (document.getIn(path) !== expected)
    throw new Error(`the manifest does not hold ${String(expected)} at /${path.join("/")}`);
}

function put(
  document: Document,
  path: readonly string[],
  { node, isInsert }: { readonly node: Node; readonly isInsert: boolean },
): void {
  const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const key = path.at(-1) ?? "";
  if (!isCollection(parent)) throw new Error(`the manifest has nothing to hold /${path.join("/")}`);
  // What was written as {} or [] is written in lines once it holds something.
  if (parent.items.length === 0) parent.flow = false;
  if (isMap(parent)) parent.set(new Scalar(key), node);
  else if (isSeq(parent) && !isInsert) parent.set(key, node);
  else if (isSeq(parent)) parent.items.splice(key === "-" ? parent.items.length : Number(key), 0, node);
}

/** A node for a plain value, in a document whose scalars are all texts. */
function toNode(value: unknown): Node {
  if (Array.isArray(value)) {
    const list = new YAMLSeq();
    list.items = value.map(toNode);
    return list;
  }
  if (typeof value === "object" && value !== null) {
    const map = new YAMLMap();
    map.items = Object.entries(value).map(([key, member]) => new Pair(toScalar(key), toNode(member)));
    return map;
  }
  return toScalar(value);
}

function toScalar(value: unknown): Scalar {
  const scalar = new Scalar(String(value));
  scalar.type = typeof value === "string" ? chooseQuotes(value) : Scalar.PLAIN;
  return scalar;
}

/** Quotes where the text would be read as something else without; single ones where that spares backslashes. */
function chooseQuotes(text: string): Scalar.Type {
  const mustBeQuoted = /^["']/.test(stringify(text, { version: "1.1", lineWidth: 0 }));
  if (!mustBeQuoted) return Scalar.PLAIN;
  return text.includes('"') && /^[ -~]*$/.test(text) ? Scalar.QUOTE_SINGLE : Scalar.QUOTE_DOUBLE;
}
