/**
 * The `Mcp-Param-*` headers of a modern call: arguments that the tool's schema asks to have repeated in headers. Made from the
 * body alone; what a caller sent as such a header is never passed on. Source: MCP 2026-07-28 transports, "Schema Extension".
 */
import { encodeHeaderValue } from "@outrigger/mcp";

type Fields = Readonly<Record<string, unknown>>;

const annotation = "x-mcp-header";
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/;
const deepest = 16;

/**
 * Headers by lower-case name for these arguments. Properties are reached through `properties` alone; arguments that are
 * absent, null or of no plain type have no header.
 */
export function buildParamHeaders(inputSchema: unknown, values: unknown): Record<string, string> {
  const headers: Record<string, string> = {};
  collect(inputSchema, { value: values, depth: 0 }, headers);
  return headers;
}

function collect(schema: unknown, at: { value: unknown; depth: number }, headers: Record<string, string>): void {
  const properties = isFields(schema) ? schema["properties"] : undefined;
  if (!isFields(properties) || !isFields(at.value) || at.depth > deepest) return;
  for (const [name, property] of Object.entries(properties)) {
    // Own members only: an argument must not be read from the prototype.
    const value = Object.hasOwn(at.value, name) ? at.value[name] : undefined;
    addHeader(isFields(property) ? property[annotation] : undefined, value, headers);
    collect(property, { value, depth: at.depth + 1 }, headers);
  }
}

function addHeader(name: unknown, value: unknown, headers: Record<string, string>): void {
  const text = spell(value);
  if (typeof name !== "string" || !token.test(name) || text === undefined) return;
  headers[`mcp-param-${name.toLowerCase()}`] = encodeHeaderValue(text);
}

function spell(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "boolean" || Number.isInteger(value) ? String(value) : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
