/** What the scanner answers: the shapes only. Which input gives which answer is decided in scan-message.ts and its stages. */

/** Byte offsets into the scanned body: `start` is the first byte, `end` the one behind the last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Why a body is refused.
 * - `NotJson`: no JSON text by RFC 8259 (answer -32700); `InvalidUtf8`, `ByteOrderMark`, `TrailingBytes` likewise.
 * - `TooDeep`: more nested containers than allowed.
 * - `NotObject`: JSON, but neither an object nor an array of objects.
 * - `DuplicateKey`, `EscapedKey`, `CaseVariantKey`: two decoders could read different messages (protocol.md 5.1).
 * - `BadVersion`: `jsonrpc` is not "2.0". `BadMessage`: not exactly one of method, result, error.
 * - `BadId`: missing or null where one is due, or a number that is no safe integer in plain spelling.
 * - `BadMethod`, `BadParams`, `BadName`: of the wrong type, or text that decoders read differently (NUL, lone surrogate).
 * - `EmptyBatch`, `BatchTooLong`: an array of no, or of more than the allowed, elements.
 */
export type ScanProblem =
  | "NotJson"
  | "InvalidUtf8"
  | "ByteOrderMark"
  | "TrailingBytes"
  | "TooDeep"
  | "NotObject"
  | "DuplicateKey"
  | "EscapedKey"
  | "CaseVariantKey"
  | "BadVersion"
  | "BadMessage"
  | "BadId"
  | "BadMethod"
  | "BadParams"
  | "BadName"
  | "EmptyBatch"
  | "BatchTooLong";

/** The reference of `completion/complete`: a prompt by name or a resource by URI. */
export interface ScannedRef {
  readonly type?: string | undefined;
  readonly name?: string | undefined;
  readonly uri?: string | undefined;
}

/**
 * One JSON-RPC message, as far as policy, routing and tracing need it. Texts are decoded; a member that is absent or of
 * another type is undefined. All members exist on every message, so that readers stay fast.
 */
export interface ScannedMessage {
  readonly type: "request" | "notification" | "response";
  readonly method?: string | undefined;
  /** Null only on an error response. */
  readonly id?: string | number | null | undefined;
  /** The id exactly as it was spelled, for echoing; borrowed from the body. */
  readonly idBytes?: Uint8Array | undefined;
  /** `params.name`. */
  readonly name?: string | undefined;
  /** `params.uri`. */
  readonly uri?: string | undefined;
  /** `params.taskId`. */
  readonly taskId?: string | undefined;
  /** `params.ref`. */
  readonly ref?: ScannedRef | undefined;
  /** `params._meta.progressToken`. */
  readonly progressToken?: string | number | undefined;
  /** `params._meta["io.modelcontextprotocol/protocolVersion"]`: the claim that makes a message modern. */
  readonly claimedVersion?: string | undefined;
  /** Undefined without a claim; true when the claim is not a readable string. */
  readonly claimMalformed?: boolean | undefined;
  /** The other `_meta` members whose value is a string, by key: `traceparent`, vendor keys. Undefined if there is none. */
  readonly meta?: ReadonlyMap<string, string> | undefined;
  /** The value of `params.name` with its quotes, for splicing in another name. */
  readonly nameSpan?: Span | undefined;
  /** The value of `params.arguments`, whatever it is. */
  readonly argumentsSpan?: Span | undefined;
  /** `params.notifications.resourceSubscriptions` of `subscriptions/listen`. */
  readonly resourceSubscriptions?: readonly string[] | undefined;
  /** `params.notifications.taskIds` of `subscriptions/listen` (tasks extension). */
  readonly taskSubscriptions?: readonly string[] | undefined;
  /** `params.requestId` of `notifications/cancelled`. */
  readonly requestId?: string | number | undefined;
}

/** What a body turned out to be; `at` is a byte offset, 0 where the whole body is meant. */
export type ScanResult =
  | { readonly kind: "message"; readonly ok: true; readonly message: ScannedMessage }
  | {
      readonly kind: "batch";
      readonly ok: true;
      /** The elements as slices of the body, borrowed: each is an object, none has been scanned. Never empty. */
      readonly batch: readonly Uint8Array[];
    }
  | {
      readonly kind: "refused";
      readonly ok: false;
      readonly problem: ScanProblem;
      readonly at: number;
      /** The id's bytes if they were read before the problem was met, so that the refusal can echo it; borrowed. */
      readonly idBytes?: Uint8Array | undefined;
    };

/** Bounds of one scan: nested containers (default 64, at most 512) and elements of one array (default 100). */
export interface ScanLimits {
  readonly maxDepth?: number;
  readonly maxBatch?: number;
}
