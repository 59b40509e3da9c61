/**
 * One line of a client's standard input as the front needs it: what kind of message it is, which ids wait for an answer, and what the
 * headers of its request have to repeat. The bytes go on as they came. Pure.
 */
import {
  buildError,
  encodeHeaderValue,
  findMethod,
  modernRevision,
  scanMessage,
  type ScannedMessage,
} from "@outrigger/mcp";
import { rpcCodes } from "@outrigger/api/errors";

/** A message on its way to the endpoint. Ids are kept as JSON texts, so that `1` and `"1"` differ. */
export interface FrontMessage {
  readonly bytes: Buffer;
  readonly kind: "request" | "notification" | "response" | "batch";
  readonly method: string;
  /** What waits for an answer: none for notifications, several for an array (revision 2025-03-26). */
  readonly awaited: readonly string[];
  /** The modern revision that the message claims; absent on legacy ones. */
  readonly claimed?: string;
  /** The thing that a modern request names, encoded for `Mcp-Name`. */
  readonly nameHeader?: string;
  /** The resource of a subscription. */
  readonly uri?: string;
  /** The request that a `notifications/cancelled` ends. */
  readonly cancels?: string;
}

/** The message, or the answer that its sender gets because it is none. */
export type ReadFrontMessage =
  { readonly ok: true; readonly message: FrontMessage } | { readonly ok: false; readonly answer: Buffer };

/** How deep messages may be nested: the endpoint has its own, narrower bound. */
const maxDepth = 512;

/** Reads one line. */
export function readFrontMessage(line: Buffer): ReadFrontMessage {
  const scan = scanMessage(line, { maxDepth });
  switch (scan.kind) {
    case "refused": {
      const { problem, idBytes } = scan;
      const code = problem === "NotJson" ? rpcCodes.parseError : rpcCodes.invalidRequest;
      const message = `The line on standard input is no JSON-RPC message (${problem}).`;
      return { ok: false, answer: buildError({ code, message, ...(idBytes === undefined ? {} : { idBytes }) }) };
    }
    case "batch": {
      const awaited = scan.batch.flatMap((part) => readAwaited(part));
      return { ok: true, message: { bytes: line, kind: "batch", method: "", awaited } };
    }
    case "message":
      return { ok: true, message: describe(line, scan.message) };
  }
}

function describe(bytes: Buffer, message: ScannedMessage): FrontMessage {
  const { type, method = "", id, requestId, uri } = message;
  const isCancel = method === "notifications/cancelled" && requestId !== undefined;
  return {
    bytes,
    kind: type,
    method,
    awaited: type === "request" ? [JSON.stringify(id)] : [],
    ...describeModern(message),
    ...(uri === undefined ? {} : { uri }),
    ...(isCancel ? { cancels: JSON.stringify(requestId) } : {}),
  };
}

/** What the headers of a modern request repeat. A claim that can't be read is the endpoint's to refuse. */
function describeModern(message: ScannedMessage): Pick<FrontMessage, "claimed" | "nameHeader"> {
  const claimed = message.claimMalformed === true ? modernRevision : message.claimedVersion;
  const member = findMethod(message.method ?? "")?.nameHeader;
  const name = member === undefined ? undefined : message[member];
  return {
    ...(claimed === undefined ? {} : { claimed }),
    ...(name === undefined ? {} : { nameHeader: encodeHeaderValue(name) }),
  };
}

function readAwaited(part: Uint8Array): readonly string[] {
  const scan = scanMessage(part, { maxDepth });
  return scan.kind === "message" && scan.message.type === "request" ? [JSON.stringify(scan.message.id)] : [];
}

/** The ids that a text of the endpoint answers; none for its requests and notifications. */
export function readAnswered(text: Buffer): readonly string[] {
  const scan = scanMessage(text, { maxDepth });
  if (scan.kind === "batch") return scan.batch.flatMap((part) => readAnswered(Buffer.from(part)));
  return scan.kind === "message" && scan.message.type === "response" ? [JSON.stringify(scan.message.id ?? null)] : [];
}
