/** Whoever answers one method. Type only. */
import type { JsonObject } from "@outrigger/mcp";
import type { CallOutcome } from "../../route/failure.ts";
import type { EndpointParts, Invocation } from "../tools/invocation.ts";

/** Answers one request with what goes out as it is. `params`: as they came. */
export type Answer = (parts: EndpointParts, invocation: Invocation, params: JsonObject) => Promise<CallOutcome>;
