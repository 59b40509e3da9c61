/**
 * Decides what of a tool is indexed and how much each field weighs. Only the index is capped here; the full definition is
 * kept and returned elsewhere. Schemas are read one level deep, without following `$ref`.
 */
import type { ServerEntry, ToolEntry } from "../catalog/entry.ts";

/** One indexed field: its weight in BM25F and how strongly its length is normalised (0 to 1). */
export interface Field {
  readonly name: string;
  readonly weight: number;
  readonly b: number;
}

/** The fields. Weights were tuned on the even halves of three open query sets. */
export const fields: readonly Field[] = [
  { name: "name", weight: 1.47, b: 0.9 },
  { name: "desc", weight: 0.5, b: 0.6 },
  { name: "server", weight: 0.98, b: 0.5 },
  { name: "sdesc", weight: 0.768, b: 0.3 },
  { name: "pname", weight: 2, b: 0.9 },
  { name: "pdesc", weight: 0.5, b: 0.1 },
];

const fieldIndex = { name: 0, desc: 1, server: 2, sdesc: 3, pname: 4, pdesc: 5 } as const;

// In characters (UTF-16 units).
const longestName = 128;
const longestServerDescription = 2 * 1024;
const longestText = 8 * 1024;
const shortestText = 512;
// All descriptions of a server together, and all its properties together: indexing one server stays a matter of a second.
const longestOfServer = 1024 * 1024;

/** Name and title of a server, as its field and the server hint read them. */
export function readServerName(server: ServerEntry): string {
  return `${server.server} ${server.title ?? ""}`;
}

/** A text with the position of its field in {@link fields}. */
export type FieldText = readonly [field: number, text: string];

/** The texts of the server's fields, the same for all its tools. */
export function readServerTexts(server: ServerEntry): readonly FieldText[] {
  return [
    [fieldIndex.server, readServerName(server)],
    [fieldIndex.sdesc, (server.description ?? "").slice(0, longestServerDescription)],
  ];
}

/**
 * The texts of a tool's own fields, in order of field. `siblings` is the number of tools of its server: up to 128 have
 * 8 KiB of description and 8 KiB of properties each, more share 1 MiB, with 512 characters for each at least.
 */
export function readToolTexts({ definition }: ToolEntry, siblings: number): readonly FieldText[] {
  const { name, description, inputSchema } = definition;
  const room = Math.min(longestText, Math.max(shortestText, Math.floor(longestOfServer / siblings)));
  const [propertyNames, propertyTexts] = readProperties(inputSchema, room);
  return [
    [fieldIndex.name, name.slice(0, longestName)],
    [fieldIndex.desc, typeof description === "string" ? description.slice(0, room) : ""],
    [fieldIndex.pname, propertyNames],
    [fieldIndex.pdesc, propertyTexts],
  ];
}

function readProperties(schema: unknown, longest: number): [string, string] {
  const properties = isRecord(schema) ? schema["properties"] : undefined;
  let names = "";
  let texts = "";
  if (!isRecord(properties)) return [names, texts];
  for (const [name, property] of Object.entries(properties)) {
    const room = longest - names.length - texts.length;
    if (room <= 0) break;
    const taken = name.slice(0, room);
    names += `${taken} `;
    texts += `${readProperty(property).slice(0, room - taken.length)} `;
  }
  return [names, texts];
}

function readProperty(property: unknown): string {
  if (!isRecord(property)) return "";
  const { description, enum: values } = property;
  const words = Array.isArray(values) ? values.filter((value) => typeof value === "string") : [];
  return [typeof description === "string" ? description : "", ...words].join(" ");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
