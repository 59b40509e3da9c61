/** The parts of the reference page of the read API, from the table that its routes are made from. Pure. */
import { restPrefix } from "../../aggregator/src/rest/openapi/document.ts";
import { operationList, type Operation, type Parameter } from "../../aggregator/src/rest/openapi/operations.ts";
import { schemas } from "../../aggregator/src/rest/openapi/schemas.ts";
import type { Schema } from "../../aggregator/src/rest/openapi/schema.ts";

type Table = (head: readonly string[], rows: readonly (readonly string[])[]) => string;

/** The page's parts behind its title. */
export function buildRestPage(table: Table): readonly string[] {
  return [
    `What the aggregator knows, as JSON over HTTP, at the port of the MCP endpoint: servers, their tools, and how calls of them went. Everything is a \`GET\`, nothing is changed by it, and a caller sees what it may call. \`${restPrefix}/openapi.json\` is this page for programs.`,
    "Host, Origin and credentials are checked as at the MCP endpoint. A parameter that is not known is refused with 400, because a misspelt filter would answer more than was asked for. Errors have the form of [Error](#error).",
    table(
      ["route", "answers"],
      operationList.map(({ path, summary }) => [`[\`${restPrefix}${path}\`](#${anchorOf(path)})`, summary]),
    ),
    ...operationList.map((operation) => describeOperation(operation, table)),
    "## Forms of answers",
    ...Object.entries(schemas).map(([name, schema]) => describeSchema(name, schema, table)),
  ];
}

const anchorOf = (path: string): string => `get-apiv1${path.replace(/[/{}.]/g, "")}`;

function describeOperation({ path, summary, parameters, answers }: Operation, table: Table): string {
  const rows = parameters.map((parameter) => [
    `\`${parameter.name}\``,
    parameter.in + (parameter.required === true ? ", required" : ""),
    formOf(parameter),
    parameter.description,
  ]);
  const told = Object.entries(answers).map(([status, names]) => `${status}: ${names.map(linkTo).join(" or ")}`);
  return [
    `## GET ${restPrefix}${path}`,
    summary,
    ...(rows.length === 0 ? [] : [table(["parameter", "in", "form", "meaning"], rows)]),
    `Answers ${told.join(", ")}.`,
  ].join("\n\n");
}

const linkTo = (name: string): string => `[${name}](#${name.toLowerCase()})`;

const formOf = ({ schema }: Parameter): string => describeForm(schema);

function describeSchema(name: string, schema: Schema, table: Table): string {
  const members = readMembers(schema);
  const required = new Set(Array.isArray(schema["required"]) ? schema["required"] : []);
  const rows = Object.entries(members).map(([member, form]) => [
    `\`${member}\`${required.has(member) ? "" : " (may be absent)"}`,
    describeForm(form),
    textOf(form["description"]),
  ]);
  const parts = [`### ${name}`, textOf(schema["description"]), table(["member", "form", "meaning"], rows)];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** A form in a few words. */
function describeForm(form: Schema): string {
  if (typeof form["$ref"] === "string") return linkTo(form["$ref"].split("/").at(-1) ?? "");
  if (Array.isArray(form["enum"]))
    return form["enum"].length > 8 ? "one word" : form["enum"].map((each) => `\`${String(each)}\``).join(" or ");
  if (form["type"] === "array") return `list of ${describeForm(form["items"] as Schema)}`;
  if (form["type"] === "object") {
    const members = Object.keys(readMembers(form));
    return members.length === 0 ? "object" : `object with ${members.map((each) => `\`${each}\``).join(", ")}`;
  }
  return form["type"] === undefined ? "any JSON" : textOf(form["format"] ?? form["type"]);
}

/** Schemas are written by the table of schemas alone, whose members are schemas. */
const readMembers = (schema: Schema): Readonly<Record<string, Schema>> =>
  (schema["properties"] ?? {}) as Readonly<Record<string, Schema>>;

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
