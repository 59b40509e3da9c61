/** Pure policy: read documents, compile layers once, judge and admit calls. No I/O, no clock. */
export {
  parsePolicyDocument,
  openDocument,
  type PolicyDocument,
  type Limit,
  type LimitScope,
  type NameLists,
} from "./document.ts";
export { parseQuickPolicy, parseQuickAnnotation, quickLimitName, type QuickPolicy } from "./quick.ts";
export {
  compilePolicy,
  compileDenial,
  defaultSizes,
  type CompiledPolicy,
  type CompiledLimit,
  type DenialReason,
  type SubjectKind,
} from "./compile.ts";
export {
  judge,
  judgeTraffic,
  judgeUnknownMethod,
  isVisible,
  type Subject,
  type TrafficVerdict,
  type Verdict,
} from "./judge.ts";
export {
  admit,
  release,
  createLimitState,
  type Admission,
  type CallFacts,
  type LimitState,
  type Ticket,
} from "./admit.ts";
export { describeLimits } from "./describe.ts";
export { matchesGlob } from "./glob.ts";
