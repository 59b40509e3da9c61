/**
 * Reads the text of an endpoint file strictly: every key is known, every name can be one, nothing contradicts. Reports all problems at once,
 * each with its place. Pure; who reads the file and keeps the last good one is `endpoints.ts` beside it.
 */
import { parseDnsLabel } from "@outrigger/api/values";
import type { ParsedContent } from "@outrigger/runtime/watched-file";
import { readExposure, usualExposure } from "./read-exposure.ts";
import { isObject, readGlobs, readText, refuseUnknown, type Fields, type Report } from "./read-fields.ts";
import { readRules } from "./read-rules.ts";
import type { EndpointFile, GroupSettings, NamedEndpoint } from "./plan.ts";
import { selectAll, type Selection } from "./selection.ts";

const endpointKeys = ["description", "servers", "groups", "include", "exclude", "tools", "exposure"];
const groupKeys = ["description", "include", "exclude", "exposure"];

/** Reads it. Errors: every problem in one sentence each, such as `endpoints.reviews.tools[0].name: expected …`. */
export function readEndpointFile(text: string): ParsedContent<EndpointFile> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, problem: `not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const problems: string[] = [];
  const report: Report = (place, expected) => void problems.push(`${place || "the whole"}: expected ${expected}`);
  const file = readWhole(value, report);
  return problems.length === 0 ? { ok: true, value: file } : { ok: false, problem: problems.join("; ") };
}

function readWhole(value: unknown, report: Report): EndpointFile {
  const endpoints = new Map<string, NamedEndpoint>();
  const groups = new Map<string, GroupSettings>();
  if (!isObject(value)) {
    report("", 'an object with "endpoints", "groups" or both');
    return { endpoints, groups };
  }
  refuseUnknown(value, ["endpoints", "groups"], { place: "", report });
  for (const [name, fields] of readEntries(value, "endpoints", report)) {
    const place = `endpoints.${name}`;
    const label = parseDnsLabel(name);
    if (!label.ok) report(place, `as name ${label.expected}`);
    endpoints.set(name, readEndpoint(fields, place, report));
  }
  for (const [name, fields] of readEntries(value, "groups", report)) {
    const place = `groups.${name}`;
    if (!isGroupName(name)) report(place, "as name that of a group, such as code, or tools/code for one namespace");
    groups.set(name, readGroup(fields, place, report));
  }
  return { endpoints, groups };
}

function readEntries(value: Fields, key: string, report: Report): [string, Fields][] {
  const entries = value[key] ?? {};
  if (!isObject(entries)) {
    report(key, "an object that maps names to endpoints");
    return [];
  }
  return Object.entries(entries).flatMap(([name, fields]): [string, Fields][] => {
    if (isObject(fields)) return [[name, fields]];
    report(`${key}.${name}`, "an object");
    return [];
  });
}

function readEndpoint(fields: Fields, place: string, report: Report): NamedEndpoint {
  refuseUnknown(fields, endpointKeys, { place, report });
  const rules = readRules(fields["tools"], `${place}.tools`, report);
  const selection: Selection = {
    servers: readGlobs(fields["servers"], `${place}.servers`, report),
    groups: readGroupNames(fields["groups"], `${place}.groups`, report),
    include: readGlobs(fields["include"], `${place}.include`, report),
    exclude: readGlobs(fields["exclude"], `${place}.exclude`, report),
    named: new Set(rules.map(({ tool }) => tool)),
  };
  if (["servers", "groups", "include", "tools"].every((key) => isEmpty(fields[key])))
    report(place, 'at least one of "servers", "groups", "include" and "tools", which say what it shows');
  const exposure = readExposure(fields["exposure"], `${place}.exposure`, report) ?? usualExposure;
  return { ...readText(fields["description"], `${place}.description`, report), exposure, selection, rules };
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

function readGroup(fields: Fields, place: string, report: Report): GroupSettings {
  refuseUnknown(fields, groupKeys, { place, report });
  const include = readGlobs(fields["include"], `${place}.include`, report);
  const exclude = readGlobs(fields["exclude"], `${place}.exclude`, report);
  const exposure = readExposure(fields["exposure"], `${place}.exposure`, report);
  return {
    ...readText(fields["description"], `${place}.description`, report),
    ...(exposure === undefined ? {} : { exposure }),
    selection: { ...selectAll, include, exclude },
  };
}

function readGroupNames(value: unknown, place: string, report: Report): readonly string[] {
  const names = readGlobs(value, place, report);
  for (const [at, name] of names.entries())
    if (!isGroupName(name))
      report(`${place}[${at}]`, "the name of a group, such as code, or tools/code for one namespace");
  return names;
}

function isGroupName(name: string): boolean {
  const parts = name.split("/");
  return parts.length <= 2 && parts.every((part) => parseDnsLabel(part).ok);
}
