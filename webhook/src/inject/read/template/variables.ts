/** Variables of a sidecar template: only such as change nothing of what the sidecar does or loads. */
import { isObject, readMember, readObject, readText, type JsonObject } from "../json.ts";
import { readItems, readMembers, type Place, type Report } from "./problems.ts";

/** Settings of the sidecar, and what changes which code a process runs or whom it trusts. */
const reserved = /^(OUTRIGGER_.*|POD_.*|NODE_OPTIONS|NODE_PATH|NODE_TLS_REJECT_UNAUTHORIZED|LD_.*|OPENSSL_.*)$/;
const otherSettings: Readonly<Record<string, string>> = {
  OTEL_EXPORTER_OTLP_ENDPOINT: "no variable that the installation has a setting for: otlpEndpoint",
};
const sources = ["configMapKeyRef", "fieldRef", "resourceFieldRef", "secretKeyRef"];

/** Reads the list, with what the API server would fill in written out. */
export function readVariables(value: unknown, path: Place, report: Report): readonly JsonObject[] {
  return readItems(value, { path, key: "name" }, report).map((item, index) => {
    const at = [...path, index];
    readMembers(item, { path: at, known: ["name", "value", "valueFrom"] }, report);
    checkName(readText(item, "name") ?? "", [...at, "name"], report);
    const source = readMember(item, "valueFrom");
    if (source === undefined) return readLiteral(item, at, report);
    if (Object.hasOwn(item, "value")) report([...at, "valueFrom"], "either value or valueFrom");
    return { ...item, valueFrom: readSource(source, [...at, "valueFrom"], report) };
  });
}

function checkName(name: string, path: Place, report: Report): void {
  const taken = Object.hasOwn(otherSettings, name) ? otherSettings[name] : undefined;
  if (taken !== undefined) report(path, taken);
  else if (reserved.test(name)) report(path, "no variable that the sidecar is set or started by");
  else if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) report(path, "the name of a variable");
}

function readLiteral(item: JsonObject, path: Place, report: Report): JsonObject {
  const value = readMember(item, "value") ?? "";
  if (typeof value !== "string") report([...path, "value"], "a text; put numbers in quotes");
  const { name } = item;
  return value === "" ? { name } : { name, value };
}

function readSource(source: unknown, path: Place, report: Report): JsonObject {
  const members = readMembers(source, { path, known: sources }, report);
  const [kind, ...more] = Object.keys(members);
  if (kind === undefined || more.length > 0 || !isObject(members[kind])) report(path, `one of ${sources.join(", ")}`);
  const field = readObject(members, "fieldRef");
  return kind === "fieldRef" ? { fieldRef: { apiVersion: "v1", ...field } } : members;
}
