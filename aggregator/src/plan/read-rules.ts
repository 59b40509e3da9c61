/**
 * Reads what an endpoint says of single tools. Decides which names it may give: none that another tool could have, whatever servers come,
 * so that a name always leads to one tool. Pure.
 */
import { maxPublicNameLength } from "../catalog/name.ts";
import { ownToolNames } from "../endpoint/tools/own-names.ts";
import { isObject, readText, refuseUnknown, type Fields, type Report } from "./read-fields.ts";
import type { ToolRule } from "./tool-rule.ts";

const ruleKeys = ["tool", "name", "description", "arguments"];
const mostRules = 256;
const mostArguments = 64;

/** Reads the list; empty where it is absent. */
export function readRules(value: unknown, place: string, report: Report): readonly ToolRule[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > mostRules) {
    report(place, `a list of at most ${mostRules} tools`);
    return [];
  }
  const rules = value.flatMap((fields: unknown, at): ToolRule[] => {
    const rule = readRule(fields, `${place}[${at}]`, report);
    return rule === undefined ? [] : [rule];
  });
  refuseRepeated(rules, place, report);
  return rules;
}

function readRule(fields: unknown, place: string, report: Report): ToolRule | undefined {
  const tool = isObject(fields) ? fields["tool"] : undefined;
  if (!isObject(fields) || typeof tool !== "string" || tool === "") {
    report(place, 'an object with "tool", the name of a tool at the endpoint of all servers');
    return undefined;
  }
  refuseUnknown(fields, ruleKeys, { place, report });
  return {
    tool,
    ...readName(fields["name"], `${place}.name`, report),
    ...readText(fields["description"], `${place}.description`, report),
    ...readArguments(fields, `${place}.arguments`, report),
  };
}

const nameForm = /^[A-Za-z0-9_-]+$/;

function readName(value: unknown, place: string, report: Report): { readonly name?: string } {
  if (value === undefined) return {};
  if (typeof value !== "string" || !nameForm.test(value) || value.length > maxPublicNameLength)
    report(place, `1 to ${maxPublicNameLength} of A-Z, a-z, 0-9, _ and -`);
  else if (value.includes("__")) report(place, "a name without __, which the names of servers' tools have inside");
  else if (ownToolNames.some((name) => name === value))
    report(place, `another name: ${value} is a tool of every endpoint`);
  else return { name: value };
  return {};
}

function readArguments(fields: Fields, place: string, report: Report): Pick<ToolRule, "arguments"> {
  const value = fields["arguments"];
  if (value === undefined) return {};
  if (isObject(value) && Object.keys(value).length <= mostArguments) return { arguments: value };
  report(place, `an object of at most ${mostArguments} arguments that are set on each call`);
  return {};
}

/** One tool may stand there more than once, as tools of different names. */
function refuseRepeated(rules: readonly ToolRule[], place: string, report: Report): void {
  const seen = new Set<string>();
  for (const [at, { tool, name }] of rules.entries()) {
    const shown = name ?? tool;
    if (seen.has(shown)) report(`${place}[${at}]`, `another name: ${JSON.stringify(shown)} is that of a tool above`);
    seen.add(shown);
  }
}
