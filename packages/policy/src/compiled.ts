/** What layers are compiled into: shapes only. Everything is immutable and shared by all calls. */
import type { Reason } from "@outrigger/api/reasons";
import type { Rate } from "@outrigger/api/values";
import type { AnswerControls } from "./answers.ts";
import type { AuditDetail, CheckMode } from "./document/controls.ts";
import type { Limit, Sizes, ToolSizes } from "./document/limits.ts";
import type { GlobSet } from "./glob.ts";
import type { CompiledPins } from "./pins.ts";
import type { CompiledRedaction } from "./result/redact.ts";
import type { CompiledRule, ConditionCompiler, SubjectKind, ToolFacts } from "./rules.ts";
import type { SecretFinder } from "./secrets.ts";

/** The lists of one layer for one kind of things. */
export interface CompiledLists {
  readonly allow?: GlobSet;
  readonly deny: GlobSet;
  /** Whether an allow list of this layer is the consent that a default of Deny asks for. */
  readonly consents: boolean;
}

/** The rules of one layer. */
export interface LayerRules {
  readonly allow: readonly CompiledRule[];
  readonly deny: readonly CompiledRule[];
}

/** What lists of names can't say. `layers` stand in the order of those of `lists`. */
export interface Guards {
  readonly readOnly: boolean;
  /** Whether tools whose definition is not approved are held back. */
  readonly holdsBack: boolean;
  readonly layers: readonly LayerRules[];
}

/**
 * A limit ready for use. `key` names its buckets: what it says, whatever stands beside it. So a limit that a changed policy still has
 * goes on counting, and a limit that is new does not inherit what another one counted.
 */
export interface CompiledLimit {
  readonly key: string;
  /** As it was written, for people. */
  readonly source: Limit;
  readonly name: string;
  readonly tools: GlobSet;
  readonly methods: GlobSet;
  readonly perCaller: boolean;
  readonly perTool: boolean;
  readonly rate?: Rate & { readonly burst: number };
  readonly maxConcurrency?: number;
  readonly queue?: { readonly length: number; readonly timeoutMs: number };
}

/** Why everything is denied where there is no policy that could decide. */
export type DenialReason = Extract<Reason, "PolicyMissing" | "PolicyInvalid">;

/** Sentences that say what is wrong with arguments; none where they fit. Bounded in number and length. */
export type SchemaCheck = (tool: NonNullable<ToolFacts["approved"]>, args: unknown) => readonly string[];

/** What is looked at in arguments. */
export interface Inspection {
  /** Whether a rule looks at arguments. */
  readonly hasRules: boolean;
  readonly schema: CheckMode;
  readonly secrets: SecretFinder | undefined;
  readonly checkSchema: SchemaCheck;
}

/** Bounds of some tools; see `boundsOf`. */
export interface ToolBounds extends Omit<ToolSizes, "tools"> {
  readonly tools: GlobSet;
}

/** All layers together. `isRestricted`: some layer has an allow list or denies by default, so unknown methods are refused. */
export interface CompiledPolicy {
  /** Set where no layers decide, since there are none to trust: then nothing at all passes. */
  readonly denied: DenialReason | undefined;
  readonly lists: Readonly<Record<SubjectKind, readonly CompiledLists[]>>;
  readonly deniesByDefault: boolean;
  readonly isRestricted: boolean;
  readonly limits: readonly CompiledLimit[];
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  /** What becomes of an answer to a tool call that is larger than allowed. */
  readonly onOversize: NonNullable<Sizes["onOversize"]>;
  /** False where a decision needs nothing but method and name: no guards, no inspection, no trial. */
  readonly needsView: boolean;
  /** Undefined where lists of names say it all: then judging a subject asks nothing else. */
  readonly guards: Guards | undefined;
  /** Undefined where nobody has to look at arguments. */
  readonly inspection: Inspection | undefined;
  /** Undefined where no tool has bounds of its own. */
  readonly bounds: readonly ToolBounds[] | undefined;
  /** Undefined where nothing is replaced in results. */
  readonly redaction: CompiledRedaction | undefined;
  /** Undefined where nothing is looked for in the server's messages beside lists. */
  readonly answers: AnswerControls | undefined;
  /** Undefined where pins are off. */
  readonly pins: CompiledPins | undefined;
  /** What an audit line carries of a call. */
  readonly audit: { readonly arguments: AuditDetail; readonly results: AuditDetail };
  /** What would be in force if the layers in audit mode were enforced; undefined where there are none. */
  readonly trial: CompiledPolicy | undefined;
}

/** What compiling needs that this package does not have: libraries that only some policies call for. */
export interface Engines {
  /** Without it every condition is an error, which refuses. */
  readonly compileCondition?: ConditionCompiler;
  /** Without it every call whose schema is enforced is refused. */
  readonly checkSchema?: SchemaCheck;
}
