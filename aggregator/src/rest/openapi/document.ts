/** The read API as an OpenAPI 3.1 document, from the table of operations. Pure. */
import { operationList, type Operation } from "./operations.ts";
import { schemas } from "./schemas.ts";
import { ref, type Schema } from "./schema.ts";

/** Below which all paths lie. */
export const restPrefix = "/api/v1";

const meanings: Readonly<Record<number, string>> = {
  200: "The answer.",
  400: "A parameter is not right, or not one that is known.",
  401: "Nobody in particular may not ask, or the credential is not right.",
  403: "Host or Origin is not accepted.",
  404: "There is none of that name that the caller may see.",
  503: "Not ready.",
};

/** Builds the document. `version`: of the program. */
export function buildDocument(version: string): Schema {
  const paths = operationList.map(({ id, ...operation }) => [
    restPrefix + operation.path,
    { get: describe(id, operation) },
  ]);
  return {
    openapi: "3.1.0",
    info: {
      title: "Outrigger read API",
      version,
      description: "What the aggregator knows: servers, their tools, and how calls of them went. It changes nothing.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    paths: Object.fromEntries<unknown>(paths as [string, unknown][]),
    components: { schemas },
  };
}

function describe(operationId: string, { summary, parameters, answers }: Operation): Schema {
  // Parameters that are not known are refused everywhere, and so are callers.
  const byStatus: Operation["answers"] = { 400: ["Error"], 401: ["Error"], 403: ["Error"], ...answers };
  const responses = Object.entries(byStatus).map(([status, names]) => [status, answer(Number(status), names)] as const);
  return { operationId, summary, parameters, responses: Object.fromEntries<unknown>(responses) };
}

function answer(status: number, names: readonly string[]): Schema {
  const [only, ...others] = names.map(ref);
  const schema = others.length === 0 ? only : { anyOf: names.map(ref) };
  return { description: meanings[status] ?? "", content: { "application/json": { schema } } };
}
