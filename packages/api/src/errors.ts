/**
 * Every error code: what programs print and exit with, and what a caller gets on the wire.
 * JSON-RPC codes of our own are positive (MCP 2026-07-28 reserves -32768..-32000); refusals hide what policy hides.
 */
import type { Reason } from "./reasons.ts";

/** An error that a program reports to the person who started it. `exitCode` follows the table in docs/reference. */
export interface ProgramError {
  readonly sentence: string;
  readonly exitCode: 1 | 2 | 3 | 4 | 5;
}

/** Errors of programs and the command line, by stable code. */
export const programErrors = {
  OUTRIGGER_ERR_CONFIG_UNREADABLE: { exitCode: 2, sentence: "The configuration file can't be read." },
  OUTRIGGER_ERR_CONFIG_SYNTAX: { exitCode: 2, sentence: "The configuration file is not valid JSON or YAML." },
  OUTRIGGER_ERR_CONFIG_INVALID: { exitCode: 2, sentence: "The configuration has values that are not allowed." },
  OUTRIGGER_ERR_POLICY_INVALID: { exitCode: 2, sentence: "The policy file has values that are not allowed." },
  OUTRIGGER_ERR_USAGE: { exitCode: 2, sentence: "The command was not given as expected." },
  OUTRIGGER_ERR_MANIFEST_INVALID: { exitCode: 2, sentence: "The manifest can't be read." },
  OUTRIGGER_ERR_INJECTION_REFUSED: { exitCode: 1, sentence: "The manifest can't be injected." },
  OUTRIGGER_ERR_PORT_TAKEN: { exitCode: 3, sentence: "The port is in use by another process." },
  OUTRIGGER_ERR_NODE_VERSION: { exitCode: 2, sentence: "This Node.js is too old." },
  OUTRIGGER_ERR_TOOL_UNKNOWN: { exitCode: 3, sentence: "There is no such tool." },
  OUTRIGGER_ERR_OBJECT_UNKNOWN: { exitCode: 3, sentence: "There is no such object." },
  OUTRIGGER_ERR_TOOL_FAILED: { exitCode: 1, sentence: "The tool ran and reported an error." },
  OUTRIGGER_ERR_REFUSED: { exitCode: 4, sentence: "The call was refused by policy." },
  OUTRIGGER_ERR_ENDPOINT_UNREACHABLE: { exitCode: 5, sentence: "The aggregator can't be reached." },
  OUTRIGGER_ERR_START_FAILED: { exitCode: 1, sentence: "A program did not start." },
} as const satisfies Record<string, ProgramError>;

export type ProgramErrorCode = keyof typeof programErrors;

/**
 * What a caller gets on the wire for a reason.
 * `jsonRpcCode`: code of the JSON-RPC error; `httpStatus`: status that carries it (where the era does not say otherwise).
 */
export interface WireError {
  readonly jsonRpcCode: number;
  readonly httpStatus: number;
}

/** JSON-RPC codes of the specification that Outrigger answers with. Source: JSON-RPC 2.0; MCP 2026-07-28 "Error codes". */
export const rpcCodes = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  legacyResourceNotFound: -32002,
  headerMismatch: -32020,
  missingCapability: -32021,
  unsupportedVersion: -32022,
} as const;

/** Answers of our own, by reason. Denials are not here: they look like the absence of what is hidden. */
export const wireErrors = {
  RateLimited: { jsonRpcCode: 10_429, httpStatus: 200 },
  ConcurrencyLimited: { jsonRpcCode: 10_429, httpStatus: 200 },
  QueueFull: { jsonRpcCode: 10_429, httpStatus: 200 },
  QueueTimeout: { jsonRpcCode: 10_429, httpStatus: 200 },
  FloodLimited: { jsonRpcCode: 10_429, httpStatus: 429 },
  TooManyConnections: { jsonRpcCode: 10_429, httpStatus: 429 },
  SlowClient: { jsonRpcCode: rpcCodes.invalidRequest, httpStatus: 408 },
  CallerUnverified: { jsonRpcCode: rpcCodes.invalidRequest, httpStatus: 401 },
  CredentialsMissing: { jsonRpcCode: rpcCodes.invalidRequest, httpStatus: 401 },
  CredentialsInvalid: { jsonRpcCode: rpcCodes.invalidRequest, httpStatus: 401 },
  InsufficientScope: { jsonRpcCode: rpcCodes.invalidRequest, httpStatus: 403 },
  IdentityUnavailable: { jsonRpcCode: 10_503, httpStatus: 503 },
  RequestTooLarge: { jsonRpcCode: 10_413, httpStatus: 413 },
  ResponseTooLarge: { jsonRpcCode: 10_413, httpStatus: 200 },
  RequestMalformed: { jsonRpcCode: rpcCodes.invalidRequest, httpStatus: 400 },
  HeaderMismatch: { jsonRpcCode: rpcCodes.headerMismatch, httpStatus: 400 },
  HostNotAllowed: { jsonRpcCode: rpcCodes.invalidRequest, httpStatus: 403 },
  OriginNotAllowed: { jsonRpcCode: rpcCodes.invalidRequest, httpStatus: 403 },
  PathNotServed: { jsonRpcCode: rpcCodes.invalidRequest, httpStatus: 404 },
  ArgumentsDenied: { jsonRpcCode: rpcCodes.invalidParams, httpStatus: 200 },
  ArgumentsInvalid: { jsonRpcCode: rpcCodes.invalidParams, httpStatus: 200 },
  ArgumentsSecret: { jsonRpcCode: rpcCodes.invalidParams, httpStatus: 200 },
  MethodDenied: { jsonRpcCode: rpcCodes.methodNotFound, httpStatus: 200 },
  SessionUnknown: { jsonRpcCode: rpcCodes.invalidRequest, httpStatus: 404 },
  UpstreamUnavailable: { jsonRpcCode: 10_503, httpStatus: 503 },
  UpstreamStarting: { jsonRpcCode: 10_503, httpStatus: 503 },
  UpstreamTimeout: { jsonRpcCode: 10_504, httpStatus: 200 },
  UpstreamBroken: { jsonRpcCode: 10_503, httpStatus: 502 },
  UpstreamCredentialsUnavailable: { jsonRpcCode: 10_503, httpStatus: 503 },
  UpstreamCredentialsRefused: { jsonRpcCode: 10_503, httpStatus: 503 },
  ReplicaLost: { jsonRpcCode: 10_503, httpStatus: 502 },
  CircuitOpen: { jsonRpcCode: 10_503, httpStatus: 503 },
  PolicyMissing: { jsonRpcCode: 10_503, httpStatus: 503 },
  PolicyInvalid: { jsonRpcCode: 10_503, httpStatus: 503 },
  ServerWaking: { jsonRpcCode: 10_503, httpStatus: 503 },
  WakeFailed: { jsonRpcCode: 10_503, httpStatus: 503 },
  WakeQueueFull: { jsonRpcCode: 10_429, httpStatus: 200 },
  Internal: { jsonRpcCode: rpcCodes.internal, httpStatus: 500 },
} as const satisfies Partial<Record<Reason, WireError>>;

/** A reason that has an answer of its own on the wire. */
export type WireReason = keyof typeof wireErrors;

/** The `data` member of our JSON-RPC errors, and the value of `_meta["outrigger.dev/error"]` in tool results. */
export interface ErrorDetail {
  readonly reason: WireReason;
  readonly server: string;
  readonly name?: string;
  /** The name of the limit that was met, as policy spells it. */
  readonly limit?: string;
  /** Milliseconds after which the same call can succeed. */
  readonly retryAfterMs?: number;
}

/** The key under which a tool result carries an {@link ErrorDetail}. */
export const errorMetaKey = "outrigger.dev/error";
