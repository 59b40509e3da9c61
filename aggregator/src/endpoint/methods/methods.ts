/**
 * The methods of an endpoint beside those of tools, put on the server of one exchange or session. Decides which methods there are in which
 * era; who answers them stands beside it.
 */
import { ProtocolError, ProtocolErrorCode, type ServerContext } from "@modelcontextprotocol/server";
import type { Era, JsonObject } from "@outrigger/mcp";
import type { Principal } from "../../auth/principal.ts";
import { logLevels } from "../../route/request.ts";
import type { RawServer } from "../raw-server.ts";
import type { EndpointParts, Invocation } from "../tools/invocation.ts";
import { isObject } from "../tools/invocation.ts";
import { listPage, offeredLists } from "./lists.ts";
import { offersOf } from "./offers-of.ts";
import { readInvocation } from "./read-invocation.ts";
import type { Answer } from "./answer.ts";
import { anyObject } from "./any-object.ts";
import { relayTask, taskMethods } from "../tasks/relay-task.ts";
import { createSessionSubscriptions } from "./subscribe.ts";
import { aimAtPrompt, aimAtRef, aimAtResource, relayAimed, type Aim } from "./targets.ts";

/** For whom methods are answered. `partsOf`: with the decision about this caller as it is now. */
export interface Served {
  readonly era: Era;
  readonly principal: Principal;
  readonly session: () => string;
  readonly partsOf: () => EndpointParts;
}

/** What the endpoint says that it can do. The lists are there, empty or not, so that they can change. */
export const offeredCapabilities = {
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  completions: {},
  logging: {},
} as const;

const aims: ReadonlyMap<string, Aim> = new Map([
  ["prompts/get", aimAtPrompt],
  ["resources/read", aimAtResource],
  ["completion/complete", aimAtRef],
]);

/** Adds them, and gives what answers further methods the same way. */
export function addMethods(
  server: RawServer,
  served: Served,
): { readonly answer: (method: string, answer: Answer) => void } {
  const { era, principal, session, partsOf } = served;
  let logLevel: string | undefined;

  const invoke = (context: ServerContext): { invocation: Invocation; params: JsonObject } => {
    const { id } = context.mcpReq;
    const operation = server.operationOf(id);
    if (operation === undefined) throw new Error("a request whose operation has not begun");
    const params = server.paramsOf(id);
    const capabilities = server.greeting()["capabilities"];
    const invocation = readInvocation({
      ...{ context, params, era, principal, operation, logLevel },
      session: session(),
      capabilities: isObject(capabilities) ? capabilities : {},
    });
    return { invocation, params };
  };
  const answer = (method: string, respond: Answer): void => {
    server.server.setRequestHandler(method, { params: anyObject }, async (_params, context) => {
      const { id, signal } = context.mcpReq;
      // Whoever has cancelled gets no answer.
      signal.addEventListener("abort", () => server.abandon(id), { once: true });
      const { invocation, params } = invoke(context);
      const outcome = await respond(partsOf(), invocation, params);
      if (!signal.aborted) server.answer(id, outcome);
      // Never sent: the outcome takes its place. `content` is what the SDK asks of a result of a tool.
      return { content: [] };
    });
  };

  for (const list of offeredLists) {
    server.server.setRequestHandler(list.method, { params: anyObject }, (params) => {
      const parts = partsOf();
      return listPage(list, offersOf(parts.state.catalogue(), parts.decision), params);
    });
  }
  for (const [method, aim] of aims) {
    answer(method, (parts, invocation, params) => relayAimed(parts, { aim, method, params }, invocation));
  }
  if (era === "modern") {
    for (const method of taskMethods) {
      answer(method, (parts, invocation, params) => relayTask(parts, invocation, { method, params }));
    }
  }
  if (era === "legacy") {
    const subscriptions = createSessionSubscriptions((uri) => {
      // A session whose stream has just broken hears of it no more.
      server.server.sendResourceUpdated({ uri }).catch(() => undefined);
    });
    server.atEnd(subscriptions.end);
    answer("resources/subscribe", subscriptions.subscribe);
    answer("resources/unsubscribe", subscriptions.unsubscribe);
    server.server.setRequestHandler("logging/setLevel", { params: anyObject }, ({ level }) => {
      if (typeof level !== "string" || !logLevels.includes(level)) {
        const message = `Invalid arguments: level: expected one of ${logLevels.join(", ")}`;
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, message);
      }
      logLevel = level;
      return {};
    });
  }
  return { answer };
}
