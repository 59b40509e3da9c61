/** The tool `describe_tool`: one tool's whole definition as its server sent it, with where it is and how that server is. */
import { createHash } from "node:crypto";
import { reasons } from "@outrigger/api/reasons";
import type { JsonObject } from "@outrigger/mcp";
import type { CallOutcome } from "../../route/failure.ts";
import {
  answerError,
  answerWith,
  readTexts,
  refuseArguments,
  tellAsked,
  type EndpointParts,
  type Invocation,
} from "./invocation.ts";
import { resolveTool } from "./resolve.ts";

/** The definition. */
export const describeToolDefinition: JsonObject = {
  name: "describe_tool",
  title: "Describe a tool",
  description:
    "Gives the full definition of a tool by its name, the state of its server, and the limits that calls meet.",
  inputSchema: {
    type: "object",
    properties: {
      name: { type: "string", description: "The name of the tool as find_tool or list_servers gives it." },
    },
    required: ["name"],
  },
  annotations: { title: "Describe a tool", readOnlyHint: true, openWorldHint: false },
};

/** Describes a tool. `digest` is the SHA-256 of the definition as JSON, in hex: it changes when the definition does. */
export function describeTool({ state, decision }: EndpointParts, invocation: Invocation): CallOutcome {
  const read = readTexts(invocation.arguments, { name: ["name", "tool_name"], server: ["server_name"] });
  if (!read.ok) return read.outcome;
  const { name, server } = read.texts;
  if (name === undefined) return refuseArguments("name", "the name of a tool", name);
  const resolved = resolveTool(state.catalogue(), decision, { name, server });
  tellAsked(invocation, resolved, { name, via: "describe_tool" });
  if (!resolved.ok) return answerError(resolved.message, invocation.era);
  const { tool } = resolved;
  const limits = state.limitsOf(tool);
  const serverState = state.stateOf(tool);
  const described = {
    name: tool.publicName,
    server: tool.server,
    namespace: tool.namespace,
    group: tool.group,
    state: serverState,
    ...(serverState === "Cold" ? { message: reasons.Asleep.sentence } : {}),
    digest: createHash("sha256").update(JSON.stringify(tool.definition)).digest("hex"),
    ...(limits === undefined ? {} : { effective_limits: limits }),
    definition: { ...tool.definition, name: tool.publicName },
  };
  return answerWith(described, invocation.era);
}
