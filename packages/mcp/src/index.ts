/** Pure MCP inspection: bytes and headers in, facts and bytes out. No I/O, no clock, nothing of ours imported. */

// Reading one message.
export { scanMessage } from "./scan/scan-message.ts";
export type { ScanLimits, ScannedMessage, ScannedRef, ScanProblem, ScanResult, Span } from "./scan/result.ts";

// Methods, eras and revisions.
export { findMethod, methods, type Era, type ListKind, type MethodInfo, type MethodSubject } from "./methods.ts";
export {
  allowsBatch,
  assumedRevision,
  latestLegacy,
  legacyRevisions,
  modernRevision,
  negotiateLegacy,
  revisions,
} from "./era/revisions.ts";
export {
  checkModernHeaders,
  classifyInbound,
  type Agreement,
  type Classified,
  type Inbound,
  type MirroredHeaders,
} from "./era/classify.ts";
export { decodeHeaderValue, encodeHeaderValue } from "./era/header-value.ts";

// Server-sent events.
export { createEventSplitter, type EventSplitter, type Split } from "./sse/split.ts";
export { dropData, encodeEvent, replaceData, type SseEvent } from "./sse/event.ts";

// Lists and refusals.
export { filterList, filterTasks, findListKind, type FilteredList } from "./list/filter-list.ts";
export { dropResultMember, hasResultMembers, setResultMember, type EditedResult } from "./list/edit-result.ts";
export { readLooseNotice } from "./list/loose-notice.ts";
export { buildError, buildResult, buildToolError, type AnswerTo } from "./refusal/build.ts";

// The pure half of a raw client.
export {
  buildInitialize,
  buildNotification,
  buildRequest,
  type ClientInfo,
  type ClientVoice,
  type OutgoingMessage,
} from "./client/request.ts";
export { createAnswerReader, parseMediaType, type AnswerOptions, type AnswerReader } from "./client/answer.ts";
export type { AnswerBreak, AnswerEvent, JsonObject, RpcError } from "./client/response.ts";
export {
  nextStep,
  startLadder,
  type Ladder,
  type LadderOutcome,
  type LadderStep,
  type LadderTransport,
} from "./client/ladder.ts";
export { createLineSplitter, type LineSplitter, type SplitLines } from "./client/lines.ts";

// Spans and metrics by the semantic conventions.
export {
  describeConnection,
  describeOperation,
  operationBuckets,
  type OperationDescription,
  type OperationFacts,
} from "./conventions.ts";
