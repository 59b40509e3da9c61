/** The text of a client's file: JSON, TOML or YAML, as a person would write it. Pure. */
import { stringify } from "yaml";
import type { FileForm } from "./client.ts";

/** Writes the file, with a line end at its end. */
export function writeFile({ format, value }: FileForm): string {
  switch (format) {
    case "json":
      return `${JSON.stringify(value, null, 2)}\n`;
    case "yaml":
      return stringify(value, { lineWidth: 0 });
    case "toml":
      return `${writeTables(value, []).join("\n")}\n`;
  }
}

type Table = Readonly<Record<string, unknown>>;
const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A table's own values first, then the tables in it. A table that holds tables alone has no heading (TOML 1.0, "Table"). */
function writeTables(table: Table, path: readonly string[]): string[] {
  const own = Object.entries(table).filter(([, value]) => !isTable(value));
  const lines = own.map(([key, value]) => `${writeKey(key)} = ${writeValue(value)}`);
  const heading = path.length === 0 || own.length === 0 ? [] : [`[${path.map(writeKey).join(".")}]`];
  const nested = Object.entries(table).flatMap(([key, value]) =>
    isTable(value) ? writeTables(value, [...path, key]) : [],
  );
  return [...heading, ...lines, ...nested];
}

const writeKey = (key: string): string => (/^[A-Za-z0-9_-]+$/.test(key) ? key : writeText(key));

function writeValue(value: unknown): string {
  return Array.isArray(value)
    ? `[${value.map(writeValue).join(", ")}]`
    : typeof value === "string"
      ? writeText(value)
      : String(value);
}

/** A basic string: JSON's escapes are among TOML's, which wants DEL escaped as well. */
function writeText(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", "\\u007f");
}
