/** Reads which responses a posted body asks for. What may be asked is decided by the stages of the call, which read it again. */
import { scanMessage, type ScannedMessage } from "@outrigger/mcp";
import { keyOfId } from "../call/filter.ts";

/** A request that awaits a response. */
export interface Awaited {
  readonly method: string;
  /** The id as it was spelled. */
  readonly idBytes: Uint8Array;
}

/** What a body holds: requests by the key of their id, and the first message's method. */
export interface PostedBody {
  readonly awaited: Map<string, Awaited>;
  readonly method: string | undefined;
}

/** Reads a body; one that can't be read holds nothing, and is refused by the stages. */
export function readPostedBody(body: Buffer): PostedBody {
  const scan = scanMessage(body);
  if (scan.kind === "refused") return { awaited: new Map(), method: undefined };
  const messages = scan.kind === "message" ? [scan.message] : scan.batch.flatMap(readElement);
  const awaited = messages.flatMap(({ type, id, idBytes, method }): [string, Awaited][] =>
    type === "request" && idBytes !== undefined ? [[keyOfId(id), { method: method ?? "", idBytes }]] : [],
  );
  return { awaited: new Map(awaited), method: messages[0]?.method };
}

function readElement(element: Uint8Array): ScannedMessage[] {
  const scan = scanMessage(element);
  return scan.kind === "message" ? [scan.message] : [];
}
