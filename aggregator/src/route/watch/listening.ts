/** What listening to one resource is, in either era. Types, and what both read. Pure. */
import { rpcCodes } from "@outrigger/api/errors";
import type { JsonObject, RpcError } from "@outrigger/mcp";

/** One resource that is listened to. `onReady`: the server has agreed; `onUpdated`: it says that the resource has changed. */
export interface Listening {
  readonly uri: string;
  readonly onReady: () => void;
  readonly onUpdated: () => void;
  readonly signal: AbortSignal;
}

/** The server does not tell of changes. */
export const cannotWatch: RpcError = {
  code: rpcCodes.invalidParams,
  message: "The server of this resource does not tell when it changes.",
};

/** The URI of which a message says that it has changed; undefined for any other message. */
export function readUpdated({ method, params }: JsonObject): string | undefined {
  if (method !== "notifications/resources/updated" || typeof params !== "object" || params === null) return undefined;
  const uri = "uri" in params ? params.uri : undefined;
  return typeof uri === "string" ? uri : undefined;
}
