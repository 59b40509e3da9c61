/** What servers ask of clients, as data: which questions a result holds, and which of them a caller can be asked. Pure. */
import { rpcCodes } from "@outrigger/api/errors";
import type { JsonObject, RpcError } from "@outrigger/mcp";
import { askingMethods, type RelayedRequest } from "../../route/request.ts";

/** Questions by the key under which the server wants the answers. */
export type Questions = readonly (readonly [string, RelayedRequest])[];

/** The questions of a result that asks for input; undefined where one of them is none that a client knows. */
export function readQuestions(result: JsonObject): Questions | undefined {
  const asked = result["inputRequests"] ?? {};
  if (!isObject(asked)) return undefined;
  const questions: (readonly [string, RelayedRequest])[] = [];
  for (const [key, value] of Object.entries(asked)) {
    const method = isObject(value) ? value["method"] : undefined;
    if (!isObject(value) || typeof method !== "string" || !askingMethods.has(method)) return undefined;
    questions.push([key, { method, params: isObject(value["params"]) ? value["params"] : {} }]);
  }
  return questions;
}

/** The first capability that a question needs and the caller has not declared. */
export function findMissing(questions: Questions, capabilities: JsonObject): string | undefined {
  const needed = questions.map(([, { method }]) => askingMethods.get(method) ?? method);
  return needed.find((capability) => capabilities[capability] === undefined);
}

/** The error that names it. Source: MCP 2026-07-28 "Error codes". */
export function refuseUnable(capability: string): RpcError {
  return {
    code: rpcCodes.missingCapability,
    message: `The server asks for ${capability}, which this client has not declared.`,
    data: { requiredCapabilities: { [capability]: {} } },
  };
}

/** The question with the server's name, where there is one to say, in what a person reads: they decide by who asks. */
export function nameAsker(question: RelayedRequest, server: string | undefined): RelayedRequest {
  const { message } = question.params;
  if (server === undefined || question.method !== "elicitation/create" || typeof message !== "string") return question;
  return { ...question, params: { ...question.params, message: `[${server}] ${message}` } };
}

/**
 * The questions that stand in the error by which a legacy server asks for a visit to a URL; undefined for any other error.
 * Source: MCP 2025-11-25 client/elicitation, "URL Elicitation Required Error".
 */
export function readUrlQuestions({ code, data }: RpcError): JsonObject | undefined {
  const listed: unknown = isObject(data) ? data["elicitations"] : undefined;
  if (code !== urlRequired || !Array.isArray(listed) || listed.length === 0) return undefined;
  const urls: readonly unknown[] = listed;
  const asked = urls.map((params, at) => [`url-${at + 1}`, { method: "elicitation/create", params }] as const);
  return { inputRequests: Object.fromEntries(asked), resultType: "input_required" };
}

const urlRequired = -32_042;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
