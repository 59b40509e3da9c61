/** The few forms of JSON Schema that the document of the read API is written in. Pure. Source: JSON Schema 2020-12, OpenAPI 3.1. */

/** A schema as JSON. */
export type Schema = Readonly<Record<string, unknown>>;

/** A text, one of some words, a time of RFC 3339. */
export const text = (description?: string): Schema => ({ type: "string", ...told(description) });
export const word = (words: readonly string[], description?: string): Schema => ({ enum: words, ...told(description) });
export const time = (description?: string): Schema => ({ type: "string", format: "date-time", ...told(description) });

/** Numbers; `count` is whole and not negative. */
export const number = (description?: string): Schema => ({ type: "number", ...told(description) });
export const count = (description?: string): Schema => ({ type: "integer", minimum: 0, ...told(description) });
export const truth = (description?: string): Schema => ({ type: "boolean", ...told(description) });

/** A list, and an object whose keys are names. */
export const list = (items: Schema, description?: string): Schema => ({ type: "array", items, ...told(description) });
export const map = (values: Schema, description?: string): Schema => ({
  type: "object",
  additionalProperties: values,
  ...told(description),
});

/** An object. Members whose name ends in `?` may be absent. */
export function object(members: Readonly<Record<string, Schema>>, description?: string): Schema {
  const entries = Object.entries(members).map(([name, schema]) => ({
    name: name.replace(/\?$/, ""),
    of: name,
    schema,
  }));
  const required = entries.filter(({ of }) => !of.endsWith("?")).map(({ name }) => name);
  return {
    type: "object",
    properties: Object.fromEntries(entries.map(({ name, schema }) => [name, schema])),
    ...(required.length === 0 ? {} : { required }),
    ...told(description),
  };
}

/** An object of which these members are known and others may be there: what a server said, passed on. */
export const open = (members: Readonly<Record<string, Schema>>, description?: string): Schema => ({
  ...object(members, description),
  additionalProperties: true,
});

/** A schema of the document by its name. */
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

const told = (description: string | undefined): { readonly description?: string } =>
  description === undefined ? {} : { description };
