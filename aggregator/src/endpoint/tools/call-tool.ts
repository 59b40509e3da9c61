/**
 * The tool `call_tool`, and the call itself that a direct `tools/call` shares: decide, relay, hand back what the server said.
 */
import { rpcCodes } from "@outrigger/api/errors";
import type { JsonObject } from "@outrigger/mcp";
import type { ToolEntry } from "../../catalog/entry.ts";
import { mergeArguments } from "../../plan/tool-rule.ts";
import type { CallOutcome } from "../../route/failure.ts";
import { relayRequest } from "../methods/relay-request.ts";
import {
  answerError,
  isObject,
  mayCome,
  readTexts,
  refuseArguments,
  refuseWhileReading,
  tellAsked,
  type EndpointParts,
  type Invocation,
} from "./invocation.ts";
import { resolveTool } from "./resolve.ts";

/** The definition. Without hints: what a call does is the called tool's affair. */
export const callToolDefinition: JsonObject = {
  name: "call_tool",
  title: "Call a tool",
  description: "Calls a tool that find_tool has found, by its name, with arguments that fit its inputSchema.",
  inputSchema: {
    type: "object",
    properties: {
      name: { type: "string", description: "The name of the tool as find_tool gives it." },
      arguments: { type: "object", description: "The arguments for the tool.", additionalProperties: true },
    },
    required: ["name"],
  },
};

/** Calls the named tool. An unknown name is an answer that the model reads, with the nearest names. */
export async function callTool(parts: EndpointParts, invocation: Invocation): Promise<CallOutcome> {
  const read = readTexts(invocation.arguments, { name: ["name", "tool_name"], server: ["server_name"] });
  if (!read.ok) return read.outcome;
  const { name, server } = read.texts;
  const values = read.input["arguments"] ?? read.input["parameters"];
  if (name === undefined) return refuseArguments("name", "the name of a tool", name);
  if (values !== undefined && !isObject(values)) return refuseArguments("arguments", "an object", values);
  const resolved = resolveTool(parts.state.catalogue(), parts.decision, { name, server });
  tellAsked(invocation, resolved, { name, via: "call_tool" });
  if (resolved.ok) return relayCall(parts, resolved.tool, { ...invocation, arguments: values });
  parts.metrics.countCall("unknown");
  const message = parts.state.phase() === "read" ? resolved.message : `${resolved.message}. ${mayCome}`;
  return answerError(message, invocation.era);
}

/** Calls a tool by its public name. Errors: -32602 with the nearest names in the message; 10503 while servers are still being read. */
export async function callDirectly(parts: EndpointParts, name: string, invocation: Invocation): Promise<CallOutcome> {
  const resolved = resolveTool(parts.state.catalogue(), parts.decision, { name });
  tellAsked(invocation, resolved, { name });
  if (resolved.ok) return relayCall(parts, resolved.tool, invocation);
  parts.metrics.countCall("unknown");
  if (parts.state.phase() !== "read") return refuseWhileReading(name);
  return { kind: "error", error: { code: rpcCodes.invalidParams, message: resolved.message } };
}

/** A tool that the endpoint shows otherwise is called as its server has it. */
function relayCall(parts: EndpointParts, tool: ToolEntry, invocation: Invocation): Promise<CallOutcome> {
  const merged = mergeArguments(tool, invocation.arguments);
  if (!merged.ok) {
    parts.metrics.countCall("error");
    const message = `Invalid arguments: ${merged.field}: expected ${merged.expected}`;
    return Promise.resolve({ kind: "error", error: { code: rpcCodes.invalidParams, message } });
  }
  const target = tool.reshaped === undefined ? tool : { ...tool.reshaped.from, publicName: tool.publicName };
  const params = { name: tool.name, ...(merged.value === undefined ? {} : { arguments: merged.value }) };
  return relayRequest(parts, { target, request: { method: "tools/call", params } }, invocation);
}
