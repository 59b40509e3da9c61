/** The tool `find_tool`: search over what the caller may call. The text for models is generated from the same part. */
import { rpcCodes } from "@outrigger/api/errors";
import type { JsonObject } from "@outrigger/mcp";
import type { CallOutcome } from "../../route/failure.ts";
import { parseSearchRequest, searchLimits } from "../../search/request.ts";
import { search } from "../../search/search.ts";
import { answerWith, type EndpointParts, type Invocation } from "./invocation.ts";

const { minResults, maxResults, defaultResults, minTokens, maxTokens } = searchLimits;

/** The definition, with the description that the endpoint has generated. */
export function defineFindTool(description: string): JsonObject {
  return {
    name: "find_tool",
    title: "Find tools",
    description,
    inputSchema: {
      type: "object",
      properties: {
        description: { type: "string", description: "What you want to do, in plain words." },
        keywords: {
          anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }],
          description: "Words that the tool's name or description is likely to have.",
        },
        limit: {
          type: "integer",
          minimum: minResults,
          maximum: maxResults,
          default: defaultResults,
          description: "How many tools to return.",
        },
        server: { type: "string", description: "A server that you think has the tool; a hint, not a filter." },
        server_id: { type: "string", description: "Only tools of this server." },
        namespace: { type: "string", description: "Only tools of this namespace." },
        group: { type: "string", description: "Only tools of this group of servers." },
        read_only: { type: "boolean", description: "Only tools that say that they change nothing." },
        tag: { type: "string", description: "Only tools that their server has given this tag." },
        max_tokens: {
          type: "integer",
          minimum: minTokens,
          maximum: maxTokens,
          description: "Most tokens of the result: the last tools are shortened, then left out.",
        },
        detail: {
          enum: ["full", "short"],
          default: "full",
          description: "short: first sentence and required arguments instead of the whole definition.",
        },
      },
      required: ["description"],
    },
    annotations: { title: "Find tools", readOnlyHint: true, openWorldHint: false },
  };
}

/** Runs a search. Errors: -32602 that names field, form and value. */
export function findTool({ state, decision, metrics }: EndpointParts, invocation: Invocation): CallOutcome {
  const parsed = parseSearchRequest(invocation.arguments ?? {});
  if (!parsed.ok) {
    metrics.countSearch("refused");
    const message = `Invalid arguments: ${parsed.field}: expected ${parsed.expected}, got ${parsed.got}`;
    return { kind: "error", error: { code: rpcCodes.invalidParams, message } };
  }
  const startedMs = performance.now();
  const outcome = search(state.index(), parsed.value, decision.mayCall);
  metrics.observeSearch(outcome, (performance.now() - startedMs) / 1_000);
  // A plain object of JSON values, declared member by member.
  return answerWith(outcome as unknown as JsonObject, invocation.era);
}
