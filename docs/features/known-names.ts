/**
 * Finds the names by which one test file registers tests: vitest's own, imports under another name, constants such as
 * `const onLinux = it.skipIf(…)`, and functions of the file that hand their first parameter on as the title.
 * Names are taken as unique in a file; scopes are not followed.
 */
import ts from "typescript";

import { resolveRegistrar, type KnownNames, type Registrar } from "./registrar.ts";
import { readTestCall } from "./test-call.ts";
import { unwrapExpression } from "./unwrap.ts";

const plainTest: Registrar = { kind: "Test", marks: new Set(), wrapper: false };
const plainSuite: Registrar = { kind: "Suite", marks: new Set(), wrapper: false };

/** Source: vitest 5 test API. */
const vitestNames: KnownNames = new Map([
  ["it", plainTest],
  ["test", plainTest],
  ["describe", plainSuite],
  ["suite", plainSuite],
]);

/** Returns all registrars of a file by name. A name counts from its declaration on, in source order. */
export function findKnownNames(source: ts.SourceFile): KnownNames {
  const known = new Map(vitestNames);
  const visit = (node: ts.Node): void => {
    const declared = readDeclaration(node, known);
    if (declared) known.set(declared.name, declared.registrar);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return known;
}

interface Declared {
  readonly name: string;
  readonly registrar: Registrar;
}

function readDeclaration(node: ts.Node, known: KnownNames): Declared | undefined {
  if (ts.isImportSpecifier(node))
    return declare(node.name.text, vitestNames.get((node.propertyName ?? node.name).text));
  if (ts.isFunctionDeclaration(node) && node.name) return declare(node.name.text, readWrapper(node, known));
  if (!ts.isVariableDeclaration(node) || !ts.isIdentifier(node.name) || !node.initializer) return undefined;
  const value = unwrapExpression(node.initializer);
  const isFunction = ts.isArrowFunction(value) || ts.isFunctionExpression(value);
  return declare(node.name.text, isFunction ? readWrapper(value, known) : resolveRegistrar(value, known));
}

function declare(name: string, registrar: Registrar | undefined): Declared | undefined {
  return registrar && { name, registrar };
}

function readWrapper(wrapper: ts.FunctionLikeDeclaration, known: KnownNames): Registrar | undefined {
  const title = wrapper.parameters[0]?.name;
  if (!wrapper.body || !title || !ts.isIdentifier(title)) return undefined;
  const call = findNode(wrapper.body, (node) => ts.isCallExpression(node) && passesTitle(node, title.text, known));
  const read = call && readTestCall(call, known);
  return read && { kind: read.kind, marks: read.marks, wrapper: true };
}

function passesTitle(call: ts.CallExpression, title: string, known: KnownNames): boolean {
  const [first] = call.arguments;
  if (!first || !resolveRegistrar(call.expression, known)) return false;
  return findNode(first, (node) => ts.isIdentifier(node) && node.text === title) !== undefined;
}

function findNode(root: ts.Node, accepts: (node: ts.Node) => boolean): ts.Node | undefined {
  return accepts(root) ? root : ts.forEachChild(root, (child) => findNode(child, accepts));
}
