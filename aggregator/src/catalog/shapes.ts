/**
 * Which members an entry of a list may have in which form: exactly what makes clients of either era refuse a whole list is refused here, and
 * members that nobody knows pass. Pure. Source: MCP schema 2025-11-25 and 2026-07-28.
 */
import type { RawObject } from "@outrigger/api/feed";

/** What a list is of. */
export type ListedKind = "tool" | "prompt" | "resource" | "template";

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isFlag: Check = (value) => typeof value === "boolean";
const isNumber: Check = (value) => typeof value === "number";
const isOneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    words.some((word) => word === value);
const isListOf =
  (each: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(each);

/** A JSON object. */
export const isObject = (value: unknown): value is RawObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isMapOf =
  (each: Check): Check =>
  (value) =>
    isObject(value) && Object.values(value).every(each);

type Shape = Readonly<Record<string, Check>>;

/** The first member that is there and is not as it should be. */
function findWrong(value: RawObject, shape: Shape): string | undefined {
  return Object.keys(shape).find((member) => value[member] !== undefined && shape[member]?.(value[member]) === false);
}

const isShaped =
  (shape: Shape, ...required: readonly string[]): Check =>
  (value) =>
    isObject(value) && required.every((member) => value[member] !== undefined) && findWrong(value, shape) === undefined;

/** A schema is an object or a boolean. */
const isSchema: Check = (value) => isObject(value) || isFlag(value);
const schemaOfObject: Shape = { $schema: isText, properties: isMapOf(isSchema), required: isListOf(isText) };

/** A schema of objects, as far as clients read it. `type` may be left out. */
export const isSchemaOfObject: Check = isShaped({ type: isOneOf("object"), ...schemaOfObject });

const named: Shape = {
  title: isText,
  description: isText,
  icons: isListOf(
    isShaped({ src: isText, mimeType: isText, sizes: isListOf(isText), theme: isOneOf("light", "dark") }, "src"),
  ),
  _meta: isObject,
};

const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;

const ofResource: Shape = {
  ...named,
  name: isText,
  mimeType: isText,
  size: isNumber,
  annotations: isShaped({
    audience: isListOf(isOneOf("user", "assistant")),
    priority: (value) => typeof value === "number" && value >= 0 && value <= 1,
    lastModified: (value) => typeof value === "string" && dateTime.test(value) && !Number.isNaN(Date.parse(value)),
  }),
};

const shapes: Readonly<Record<ListedKind, Shape>> = {
  tool: {
    ...named,
    inputSchema: isSchemaOfObject,
    outputSchema: isShaped({ $schema: isText }),
    annotations: isShaped({
      title: isText,
      readOnlyHint: isFlag,
      destructiveHint: isFlag,
      idempotentHint: isFlag,
      openWorldHint: isFlag,
    }),
    execution: isShaped({ taskSupport: isOneOf("required", "optional", "forbidden") }),
  },
  prompt: {
    ...named,
    arguments: isListOf(isShaped({ name: isText, title: isText, description: isText, required: isFlag }, "name")),
  },
  resource: ofResource,
  template: ofResource,
};

/** The first member by which an entry is not as it should be; undefined where it is. What is left out is never wrong. */
export function findMisshapen(kind: ListedKind, definition: RawObject): string | undefined {
  return findWrong(definition, shapes[kind]);
}
