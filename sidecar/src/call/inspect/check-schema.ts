/**
 * Checks arguments against the schema of an approved definition. Loaded only where a policy asks for it. A schema that can't be checked in
 * bounded time, or that points elsewhere, fits nothing: nobody may take it for checked. Source: JSON Schema 2020-12; formats are notes.
 */
import type { SchemaCheck } from "@outrigger/policy";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { createSafePattern } from "./safe-pattern.ts";

/** Bounds: characters and depth of a schema, and how many compiled ones are kept. */
const bounds = { schemaChars: 65_536, schemaDepth: 48, compiled: 256 } as const;

/** Creates the check. Schemas are compiled once for each digest; the ones used longest ago are dropped. */
export function createSchemaCheck(): SchemaCheck {
  const compiled = new Map<string, ValidateFunction | string>();
  const find = (digest: string, schema: unknown): ValidateFunction | string => {
    const known = compiled.get(digest) ?? compile(schema);
    compiled.delete(digest);
    compiled.set(digest, known);
    const [oldest] = compiled.keys();
    if (compiled.size > bounds.compiled && oldest !== undefined) compiled.delete(oldest);
    return known;
  };
  return ({ digest, inputSchema }, args) => {
    const validate = find(digest, inputSchema);
    if (typeof validate === "string") return [`the tool's schema can't be checked (${validate})`];
    return validate(args) ? [] : (validate.errors ?? []).slice(0, 4).map((error) => describe(error, args));
  };
}

function compile(schema: unknown): ValidateFunction | string {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return "there is none";
  if (JSON.stringify(schema).length > bounds.schemaChars) return `it is longer than ${bounds.schemaChars} characters`;
  if (!isShallow(schema, 0)) return `it nests deeper than ${bounds.schemaDepth} levels`;
  // Their dialect and identity make no difference to one schema that stands alone.
  const rest: Record<string, unknown> = { ...schema };
  delete rest["$schema"];
  delete rest["$id"];
  const ajv = new Ajv2020({
    strict: false,
    validateSchema: false,
    validateFormats: false,
    addUsedSchema: false,
    ownProperties: true,
    allErrors: false,
    logger: false,
    code: { regExp: Object.assign(createSafePattern, { code: "createSafePattern" }) },
  });
  try {
    return ajv.compile(rest);
  } catch (error) {
    // Of every schema that the library takes for none, the caller is told so: whoever approved it has to mend it.
    return (error instanceof Error ? error.message : String(error)).slice(0, 200);
  }
}

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth < bounds.schemaDepth && Object.values(value).every((item) => isShallow(item, depth + 1));
}

/** One sentence for a model: where, what was expected, what stood there. */
function describe({ instancePath, message = "does not fit", params }: ErrorObject, args: unknown): string {
  const details = Object.values(params as Readonly<Record<string, unknown>>).filter((value) => Array.isArray(value));
  const allowed = details.length === 0 ? "" : ` (${JSON.stringify(details[0]).slice(0, 200)})`;
  return `at "${instancePath === "" ? "/" : instancePath}": ${message}${allowed}${extraOf(params)}, got ${show(valueAt(args, instancePath))}`;
}

function extraOf(params: Readonly<Record<string, unknown>>): string {
  const extra = params["additionalProperty"] ?? params["unevaluatedProperty"];
  return typeof extra === "string" ? ` (${JSON.stringify(extra.slice(0, 64))} is not known)` : "";
}

function valueAt(value: unknown, pointer: string): unknown {
  const tokens = pointer.split("/").slice(1);
  return tokens.reduce<unknown>((at, token) => {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    // An object or a list that was parsed from JSON has only members of its own.
    return typeof at === "object" && at !== null ? (at as Readonly<Record<string, unknown>>)[key] : undefined;
  }, value);
}

function show(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null)
    return `an object with ${Object.keys(value).slice(0, 16).join(", ") || "nothing"}`;
  if (typeof value === "string" && value.length > 64) return `a text of ${value.length} characters`;
  return value === undefined ? "nothing" : JSON.stringify(value);
}
