/**
 * Requests about tasks: to the replica of the server that runs the task, as long as its caller may call the tool. A task that is absent, another
 * caller's, or of a tool that is hidden by now gets one answer. Source: MCP extension io.modelcontextprotocol/tasks.
 */
import { rpcCodes } from "@outrigger/api/errors";
import type { JsonObject } from "@outrigger/mcp";
import { idOf } from "../../auth/principal.ts";
import { serverKey, type ToolEntry } from "../../catalog/entry.ts";
import type { CallOutcome } from "../../route/failure.ts";
import { relayRequest } from "../methods/relay-request.ts";
import type { EndpointParts, Invocation } from "../tools/invocation.ts";
import type { KnownTask } from "./task-id.ts";

/** The methods, of the modern era. */
export const taskMethods = ["tasks/get", "tasks/update", "tasks/cancel"] as const;

const unknownTask: CallOutcome = {
  kind: "error",
  error: {
    code: rpcCodes.invalidParams,
    message: "Unknown task: it is not of a call of this caller, or not kept any more.",
  },
};

/** Relays one. `params`: as they came. */
export async function relayTask(
  parts: EndpointParts,
  invocation: Invocation,
  { method, params }: { readonly method: (typeof taskMethods)[number]; readonly params: JsonObject },
): Promise<CallOutcome> {
  const { taskId } = params;
  const task = parts.tasks.open(taskId, idOf(invocation.principal));
  const tool = task === undefined ? undefined : findTool(parts, task);
  if (task === undefined || tool === undefined) return unknownTask;
  const target = tool.reshaped === undefined ? tool : { ...tool.reshaped.from, publicName: tool.publicName };
  const isThere = parts.state.replicasOf(target).some(({ sidecar }) => sidecar.key === task.replica);
  if (!isThere) return unknownTask;
  const request = { method, params: { taskId: task.taskId } };
  const outcome = await relayRequest(parts, { target, request, at: task.replica }, invocation);
  if (outcome.kind === "error" || outcome.result["taskId"] !== task.taskId) return outcome;
  return { kind: "result", result: { ...outcome.result, taskId } };
}

/** The tool as this endpoint has it, where it may be called there. */
function findTool({ state, decision }: EndpointParts, { namespace, server, tool }: KnownTask): ToolEntry | undefined {
  const isMeant = (entry: ToolEntry): boolean => {
    const own = entry.reshaped?.from ?? entry;
    return own.name === tool && serverKey(own.namespace, own.server) === serverKey(namespace, server);
  };
  return state.catalogue().tools.find((entry) => isMeant(entry) && decision.mayCall(entry));
}
