/** A schema that takes every JSON object as it came: what params and results must be is between servers and clients. */
import type { StandardSchemaV1 } from "@modelcontextprotocol/server";
import type { JsonObject } from "@outrigger/mcp";

/** The schema. JSON-RPC has made sure that it is an object. */
export const anyObject: StandardSchemaV1<JsonObject, JsonObject> = {
  "~standard": { version: 1, vendor: "outrigger", validate: (value) => ({ value: value as JsonObject }) },
};
