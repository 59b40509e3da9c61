/**
 * Tells the era of an inbound request and whether its headers agree with its body. The body is the one source of truth.
 * Source: MCP 2026-07-28 basic/transports/streamable-http, "Server Validation"; versioning, "Backward Compatibility".
 */
import { findMethod, type Era } from "../methods.ts";
import type { ScannedMessage, ScanResult } from "../scan/result.ts";
import { decodeHeaderValue } from "./header-value.ts";
import { assumedRevision, modernRevision } from "./revisions.ts";

/** What arrived. `scan` is absent where there is no body. */
export interface Inbound {
  readonly httpMethod: string;
  readonly headerVersion?: string;
  readonly scan?: ScanResult;
}

/**
 * The era, the revision that the request is to be read by, and what is wrong with its claim.
 * `MissingClaim`: the header says modern and the body says nothing (-32602); `MalformedClaim`: the claim is no text.
 */
export interface Classified {
  readonly era: Era;
  readonly version: string;
  readonly problem?: "MissingClaim" | "MalformedClaim";
}

/** Classifies one HTTP request. Never from the header alone: a claim in the body decides. */
export function classifyInbound(inbound: Inbound): Classified {
  const { scan, headerVersion } = inbound;
  const legacy: Classified = { era: "legacy", version: headerVersion ?? assumedRevision };
  if (inbound.httpMethod !== "POST" || scan?.kind !== "message") return legacy;
  const { message } = scan;
  if (message.type === "response") return legacy;
  if (message.claimMalformed === true) return { era: "modern", version: modernRevision, problem: "MalformedClaim" };
  if (message.claimedVersion !== undefined) return { era: "modern", version: message.claimedVersion };
  if (headerVersion !== modernRevision || !owesClaim(message)) return legacy;
  return { era: "modern", version: modernRevision, problem: "MissingClaim" };
}

/** A request that is not `initialize` must repeat in its body the modern revision that its header names. */
function owesClaim(message: ScannedMessage): boolean {
  return message.type === "request" && message.method !== "initialize";
}

/** The mirrored headers of a modern request, as they came. */
export interface MirroredHeaders {
  readonly protocolVersion?: string;
  readonly mcpMethod?: string;
  readonly mcpName?: string;
}

/** Whether headers and body say the same; `detail` is one sentence for the caller. */
export type Agreement = { readonly ok: true } | { readonly ok: false; readonly detail: string };

const disagree = (detail: string): Agreement => ({ ok: false, detail });

/** Compares the headers of a modern request with its body. Missing, malformed and different are all refused (-32020). */
export function checkModernHeaders(headers: MirroredHeaders, message: ScannedMessage): Agreement {
  if (headers.protocolVersion === undefined) return disagree("The MCP-Protocol-Version header is missing.");
  if (headers.protocolVersion !== message.claimedVersion)
    return disagree("The MCP-Protocol-Version header differs from the body.");
  if (headers.mcpMethod === undefined) return disagree("The Mcp-Method header is missing.");
  if (headers.mcpMethod !== message.method) return disagree("The Mcp-Method header differs from the body.");
  const member = findMethod(message.method ?? "")?.nameHeader;
  return member === undefined ? { ok: true } : checkName(headers.mcpName, message[member]);
}

function checkName(header: string | undefined, expected: string | undefined): Agreement {
  if (header === undefined) return disagree("The Mcp-Name header is missing.");
  const name = decodeHeaderValue(header);
  if (name === undefined) return disagree("The Mcp-Name header is not well encoded.");
  return name === expected ? { ok: true } : disagree("The Mcp-Name header differs from the body.");
}
