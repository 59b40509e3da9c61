/** Reads what arrived: era, message or batch, and whether headers and body agree. Stage after the body, before the decision. */
import { rpcCodes } from "@outrigger/api/errors";
import type { Reason } from "@outrigger/api/reasons";
import {
  allowsBatch,
  checkModernHeaders,
  classifyInbound,
  scanMessage,
  type ScannedMessage,
  type ScanResult,
} from "@outrigger/mcp";
import { keyOfId } from "./filter.ts";
import type { Era, Item } from "./message.ts";
import { refuseMalformed, type Refusal } from "./refuse.ts";

/** Outcome of reading a body. */
export type Scanned =
  | { readonly kind: "message"; readonly item: Item; readonly era: Era }
  | { readonly kind: "batch"; readonly items: readonly Item[]; readonly era: "legacy" }
  | { readonly kind: "refused"; readonly refusal: Refusal; readonly reason: Reason; readonly detail: string };

/** The headers that matter here, as they came. */
export interface ProtocolHeaders {
  readonly protocolVersion: string | undefined;
  readonly mcpMethod: string | undefined;
  readonly mcpName: string | undefined;
}

/** Reads a POST body. `body` is borrowed. Refusals carry the JSON-RPC code that the specification asks for. */
export function scanBody(body: Buffer, headers: ProtocolHeaders): Scanned {
  const scan = scanMessage(body);
  switch (scan.kind) {
    case "refused": {
      const detail = `The request can't be read: ${scan.problem} at byte ${scan.at}`;
      if (scan.problem !== "NotJson") return malformed(detail, scan.idBytes);
      return refused({ code: rpcCodes.parseError, reason: "RequestMalformed", detail });
    }
    case "batch":
      return scanBatch(scan.batch, headers);
    case "message":
      return scanOne({ bytes: body, message: scan.message }, scan, headers);
  }
}

function scanOne(item: Item, scan: ScanResult, headers: ProtocolHeaders): Scanned {
  const { protocolVersion, mcpMethod, mcpName } = headers;
  const version = protocolVersion === undefined ? {} : { headerVersion: protocolVersion };
  const inbound = classifyInbound({ httpMethod: "POST", scan, ...version });
  // A claim that is missing or no text is for the server to refuse: it names the revisions that it supports.
  if (inbound.problem !== undefined || inbound.era === "legacy") return { kind: "message", item, era: inbound.era };
  if (item.message.type !== "request") return { kind: "message", item, era: "modern" };
  const mirrored = {
    ...(protocolVersion === undefined ? {} : { protocolVersion }),
    ...(mcpMethod === undefined ? {} : { mcpMethod }),
    ...(mcpName === undefined ? {} : { mcpName }),
  };
  const agreement = checkModernHeaders(mirrored, item.message);
  if (agreement.ok) return { kind: "message", item, era: "modern" };
  const { idBytes } = item.message;
  const detail = agreement.detail;
  return refused({
    code: rpcCodes.headerMismatch,
    reason: "HeaderMismatch",
    detail,
    ...(idBytes === undefined ? {} : { idBytes }),
  });
}

function scanBatch(elements: readonly Uint8Array[], headers: ProtocolHeaders): Scanned {
  if (!allowsBatch(headers.protocolVersion)) return malformed("Batches exist in revision 2025-03-26 only");
  const items: Item[] = [];
  const ids = new Set<string>();
  for (const element of elements) {
    const bytes = Buffer.from(element.buffer, element.byteOffset, element.byteLength);
    const scan = scanMessage(bytes);
    if (scan.kind !== "message") return malformed("A batch holds messages that can be read in exactly one way");
    const fault = findFault(scan.message, ids);
    if (fault !== undefined) return malformed(fault);
    items.push({ bytes, message: scan.message });
  }
  return { kind: "batch", items, era: "legacy" };
}

/** Why a message can't stand in a batch with requests of these ids; takes its own id to them. */
function findFault(message: ScannedMessage, ids: Set<string>): string | undefined {
  if (message.claimedVersion !== undefined || message.claimMalformed === true)
    return "A message of revision 2026-07-28 can't stand in a batch";
  if (message.method === "initialize") return "initialize can't stand in a batch";
  if (message.type !== "request") return undefined;
  // Answers are told apart by id: with one id for two requests a list could pass as the answer to the other.
  const id = keyOfId(message.id);
  if (ids.has(id)) return "Two requests of a batch have the same id";
  ids.add(id);
  return undefined;
}

/** Why a body is refused: the JSON-RPC code to answer with, the reason to record, and a sentence for the caller. */
interface Problem {
  readonly code: number;
  readonly reason: Reason;
  readonly detail: string;
  readonly idBytes?: Uint8Array;
}

function refused(problem: Problem): Scanned {
  const { code, reason, detail, idBytes } = problem;
  const refusal = refuseMalformed({ code, message: detail, ...(idBytes === undefined ? {} : { idBytes }) });
  return { kind: "refused", reason, detail, refusal };
}

const malformed = (detail: string, idBytes?: Uint8Array): Scanned =>
  refused({
    code: rpcCodes.invalidRequest,
    reason: "RequestMalformed",
    detail,
    ...(idBytes === undefined ? {} : { idBytes }),
  });
