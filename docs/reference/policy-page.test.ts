import { readFileSync } from "node:fs";
import { compilePolicy, parsePolicyDocument, type PolicyDocument } from "@outrigger/policy";
import { checkConditions, compileCondition } from "@outrigger/policy/conditions";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { policyFields } from "./policy-fields.ts";
import { policyExamples } from "./policy-page.ts";

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly enum?: readonly string[];
}
const values = JSON.parse(
  readFileSync(new URL("../../charts/outrigger/values.schema.json", import.meta.url), "utf8"),
) as { readonly properties: { readonly policy: SchemaNode } };

/** The schema of a member by its path on the page. */
function schemaAt(path: string): SchemaNode | undefined {
  const root: SchemaNode | undefined = values.properties.policy;
  return path.split(".").reduce((node: SchemaNode | undefined, name) => {
    const member = node?.properties?.[name.replace("[]", "")];
    return name.endsWith("[]") ? member?.items : member;
  }, root);
}

/** Every member that holds no further members, as the page names it. */
function pathsOf(node: SchemaNode, path: string): readonly string[] {
  if (node.items?.properties !== undefined) return pathsOf(node.items, `${path}[]`);
  const members = Object.entries(node.properties ?? {});
  if (members.length === 0) return [path];
  return members.flatMap(([name, child]) => pathsOf(child, path === "" ? name : `${path}.${name}`));
}

function read(value: unknown): PolicyDocument {
  const document = parsePolicyDocument(value);
  if (!document.ok) throw new Error(JSON.stringify(document.problems));
  return document.document;
}

describe("the page of policy documents", () => {
  it("names every member that the chart takes and no other, each with an example that is read", () => {
    const { namespaces, servers, ...layer } = values.properties.policy.properties ?? {};
    expect(namespaces?.properties ?? servers?.properties).toBeUndefined();
    expect(policyFields.map(({ path }) => path).toSorted()).toEqual(pathsOf({ properties: layer }, "").toSorted());
    for (const { path, example } of policyFields) {
      expect(checkConditions(read(example)), path).toEqual([]);
      expect(Object.keys(example), path).toEqual([path.split(/[.[]/)[0]]);
    }
  });

  it.each(Object.entries(policyExamples))("has an example that can be put in force: %s", (_title, text) => {
    const value: unknown = parse(text);
    const document = read(value);
    expect(checkConditions(document)).toEqual([]);
    const engines = {
      compileCondition: (expression: string) => {
        const compiled = compileCondition(expression);
        return compiled.ok ? compiled.condition : undefined;
      },
    };
    expect(compilePolicy([document], engines).denied).toBeUndefined();
  });

  it("names every word that the chart takes for a member", () => {
    for (const { path, form } of policyFields) {
      const schema = schemaAt(path);
      for (const word of schema?.enum ?? schema?.items?.enum ?? []) expect(form, path).toContain(`\`${word}\``);
    }
    expect(schemaAt("rules[].action")?.enum).toEqual(["Allow", "Deny"]);
  });
});
