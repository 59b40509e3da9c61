/** Pure policy: read documents, compile layers once, judge and admit calls. No I/O, no clock. Conditions are apart: `./conditions`. */

// Documents.
export { parsePolicyDocument, openDocument, type PolicyDocument, type NameLists } from "./document/document.ts";
export type { Limit, LimitScope } from "./document/limits.ts";
export type { Rule } from "./document/rules.ts";
export type { AuditDetail } from "./document/controls.ts";
export { parseQuickPolicy, parseQuickAnnotation, quickLimitName, type QuickPolicy } from "./quick.ts";

// Compiling.
export { compilePolicy, compileDenial, defaultSizes } from "./compile.ts";
export type { AnswerControls } from "./answers.ts";
export type { CompiledPolicy, CompiledLimit, DenialReason, Engines, Inspection, SchemaCheck } from "./compiled.ts";

// Judging.
export { judge, judgeTraffic, judgeUnknownMethod, isVisible, type TrafficVerdict, type Verdict } from "./judge.ts";
export { factsOfCaller, looksAtCallers, looksAtHints } from "./callers.ts";
export { readVisibleLayers, writeVisiblePolicy } from "./visibility.ts";
export type { CallerFacts, Hints, PinState, Subject, SubjectKind, ToolFacts, View } from "./rules.ts";
export { judgeArguments, maxInspectedBytes, type ArgumentReason, type ArgumentVerdict } from "./inspect.ts";
export { boundsOf, type BoundsInForce } from "./bounds.ts";
export { judgePin, type CompiledPins } from "./pins.ts";
export {
  admit,
  admitJudged,
  bucketsOf,
  release,
  createLimitState,
  type Admission,
  type CallFacts,
  type LimitState,
  type QueuePlace,
  type RateBucket,
  type Ticket,
} from "./admit.ts";

export { takeToken, waitForToken, type BucketRate } from "./bucket.ts";

// Results.
export { redactMessage, redactedText, type CompiledRedaction } from "./result/redact.ts";
export { truncateResult, truncatedMetaKey } from "./result/truncate.ts";
export { parseExact } from "./result/exact-json.ts";

export { describeSecretPattern, secretPatternNames, type SecretPatternName } from "./secrets.ts";
export { describeLimits } from "./describe.ts";
export { matchesGlob } from "./glob.ts";
