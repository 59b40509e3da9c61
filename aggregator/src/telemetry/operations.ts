/**
 * What is told of each operation, from the message that asks for it to its answer: an audit line, spans, and the histograms of the
 * semantic conventions. Decides when each begins and ends; what they say is decided beside it.
 */
import type { Reason } from "@outrigger/api/reasons";
import { readRequestId, requestIdHeader } from "@outrigger/api/caller";
import { describeOperation, type JsonObject } from "@outrigger/mcp";
import { findOrigins, type OpenSpan, type SpanExport } from "@outrigger/runtime/spans";
import type { CallTarget } from "../catalog/target.ts";
import type { AggregatorMetrics } from "../metrics.ts";
import type { RetryCause } from "../route/repeat.ts";
import type { Arrival } from "./arrivals.ts";
import { createOperationLine, type AuditLine } from "./audit-line.ts";
import { carryContext, type Carried } from "./carry-context.ts";
import { describeFailure, judge, labelFailure, type Judgement, type OperationEnd } from "./judge.ts";
import { describeMessage, readMessage, type ReadMessage } from "./read-message.ts";

/** A message that asks for something, and what becomes of it. */
export interface Operation {
  /** Joins what this program, the sidecar and their audit lines say of it. */
  readonly requestId: string;
  /** Something of a server was asked for by this name, through the endpoint's own tool `via` where there is one. */
  readonly ask: (asked: Asked) => void;
  /** It goes to a server's sidecar as a request of this method, with what of `_meta` goes along. */
  readonly route: (target: CallTarget, routed: Routed) => Route;
  /** Counts once: whoever ends it first is right. */
  readonly end: (end: OperationEnd) => void;
}

/** What goes to a server. */
export interface Routed {
  readonly method: string;
  readonly meta: JsonObject;
}

/**
 * What was asked for. `tool`: which one of the catalogue that is, where it is the caller's; `denied`: why it is none of the caller's; absent where
 * it is.
 */
export interface Asked {
  readonly name: string;
  readonly via?: string;
  readonly tool?: AskedTool;
  readonly denied?: Reason;
}

/** A tool of the catalogue. `publicName` as the endpoint of all servers has it; `isOfFew`: a person has named it in the endpoint file. */
export interface AskedTool {
  readonly publicName: string;
  readonly isOfFew: boolean;
}

/** The way to a server: what goes along, and its end. */
export interface Route extends Carried {
  /** It goes to another replica of the server. */
  readonly retried: (cause: RetryCause) => void;
  readonly end: (end: OperationEnd) => void;
}

/** Who is told. Times in ms. */
export interface OperationParts {
  /** The request that what runs now belongs to. */
  readonly current: () => Arrival | undefined;
  /** Takes an audit line; undefined where none are written. */
  readonly write: ((line: AuditLine, reason: Reason) => void) | undefined;
  readonly spans: SpanExport | undefined;
  readonly metrics: Pick<AggregatorMetrics, "observeOperation" | "observeRoutedCall" | "countRetry">;
  /** Names of tools that a span or a label may have. `own`: the endpoint's own tools. */
  readonly names: { readonly own: ReadonlySet<string>; readonly isListed: (name: string) => boolean };
  /** A name that no other operation has. */
  readonly nextId: () => string;
  /** The clock of operations, and what it showed 0 at in ms since the epoch. */
  readonly now: () => number;
  readonly originMs: number;
}

/** Begins operations. */
export interface Operations {
  /** What answers a request, and what asks for no answer, has its end at once. */
  readonly begin: (message: object) => Operation;
}

/** Creates it. */
export function createOperations(parts: OperationParts): Operations {
  return {
    begin: (message) => {
      const arrival = parts.current() ?? unknownArrival(parts.now());
      arrival.messages++;
      const read = readMessage(message);
      const operation = beginOperation(parts, { arrival, read });
      if (read.id === undefined || read.method === "response") operation.end({ kind: "result", result: {} });
      return operation;
    },
  };
}

/** Of a message that comes by a way on which requests are not followed nobody knows more. */
const unknownArrival = (startedMs: number): Arrival => ({
  method: "POST",
  path: "",
  headers: {},
  caller: "address:unknown",
  startedMs,
  messages: 0,
});

interface Begun {
  readonly arrival: Arrival;
  readonly read: ReadMessage;
}

/** What is learned on the way. */
interface Learned {
  asked: Asked | undefined;
  target: CallTarget | undefined;
  retries: number;
  isEnded: boolean;
}

function beginOperation(parts: OperationParts, begun: Begun): Operation {
  const { arrival, read } = begun;
  const requestId = readRequestId(arrival.headers[requestIdHeader]) ?? parts.nextId();
  const span = startSpan(parts, begun);
  const learned: Learned = { asked: undefined, target: undefined, retries: 0, isEnded: false };
  return {
    requestId,
    ask: (asked) => {
      learned.asked = asked;
      // Under the name of one endpoint a tool would be another one in every trace.
      if (asked.via === undefined && asked.tool !== undefined && asked.tool.publicName !== asked.name)
        span?.describe(describeOperation({ method: read.method, target: nameTarget(asked.tool) }));
    },
    route: (target, { method, meta }) => {
      learned.target = target;
      const route = routeCall(parts, { arrival, method, meta, span }, target);
      const retried = (cause: RetryCause): void => {
        learned.retries++;
        parts.metrics.countRetry(cause);
      };
      return { ...route, retried };
    },
    end: (end) => {
      if (learned.isEnded) return;
      learned.isEnded = true;
      const isRouted = learned.target !== undefined;
      const judgement = judge(end, { method: read.method, denied: learned.asked?.denied, isRouted });
      const durationMs = parts.now() - arrival.startedMs;
      writeLine(parts, begun, { requestId, span, learned, judgement, durationMs });
      finishSpan(parts, span, { end, judgement });
      const errorType = labelFailure(end, judgement);
      parts.metrics.observeOperation({ ...labelOperation(parts, read, learned.asked), errorType }, durationMs / 1_000);
    },
  };
}

function startSpan({ spans, names, originMs }: OperationParts, { arrival, read }: Begun): OpenSpan | undefined {
  if (spans === undefined) return undefined;
  const { name: asked } = read;
  const isKnown = asked !== undefined && (names.own.has(asked) || names.isListed(asked));
  const { name, attributes } = describeMessage(read, { isKnown, headers: arrival.headers });
  return spans.start(
    {
      name,
      kind: "server",
      attributes: { ...attributes, "network.transport": "tcp" },
      startMs: originMs + arrival.startedMs,
    },
    findOrigins(read.meta, arrival.headers),
  );
}

interface Ended {
  readonly end: OperationEnd;
  readonly judgement: Judgement;
}

function finishSpan({ now, originMs }: OperationParts, span: OpenSpan | undefined, { end, judgement }: Ended): void {
  if (span === undefined) return;
  const failure = describeFailure(end, judgement);
  if (failure !== undefined) span.fail(failure);
  span.end(originMs + now());
}

interface Finished {
  readonly requestId: string;
  readonly span: OpenSpan | undefined;
  readonly learned: Learned;
  readonly judgement: Judgement;
  readonly durationMs: number;
}

function writeLine(
  { write, now, originMs, names }: OperationParts,
  { arrival, read }: Begun,
  finished: Finished,
): void {
  if (write === undefined) return;
  const { requestId, span, learned, judgement, durationMs } = finished;
  const { asked, target, retries } = learned;
  const own = read.name !== undefined && names.own.has(read.name) ? read.name : undefined;
  const told = {
    id: requestId,
    traceId: span?.context.traceId,
    method: read.method,
    via: asked?.via ?? own,
    tool: asked?.name ?? (own === undefined ? read.name : undefined),
    target,
    retries,
    judgement,
    durationMs,
  };
  write(createOperationLine(arrival, told, originMs + now()), judgement.reason);
}

const nameTarget = ({ publicName }: AskedTool) => ({ name: publicName, isKnown: true });

/** A tool of a server is `_other`, because there may be as many as the catalogue has, but for those that a person has named one by one. */
function labelOperation(
  { names }: OperationParts,
  { method, name }: ReadMessage,
  asked: Asked | undefined,
): { method: string; tool: string } {
  if (name === undefined) return { method, tool: "" };
  if (names.own.has(name)) return { method, tool: name };
  return { method, tool: asked?.tool?.isOfFew === true ? asked.tool.publicName : "_other" };
}

interface From {
  readonly arrival: Arrival;
  readonly method: string;
  readonly meta: JsonObject;
  readonly span: OpenSpan | undefined;
}

function routeCall(parts: OperationParts, from: From, target: CallTarget): Omit<Route, "retried"> {
  const { arrival, method, meta, span } = from;
  const { now, originMs, metrics } = parts;
  const startedMs = now();
  const { kind, namespace, server } = target;
  // A URI may hold secrets, and there are as many as anybody likes.
  const named = kind === "resource" ? {} : { target: { name: target.name, isKnown: true } };
  const { name, attributes } = describeOperation({ method, ...named });
  const clientSide = span?.open({
    name,
    kind: "client",
    attributes: {
      ...attributes,
      "network.transport": "tcp",
      "outrigger.namespace": namespace,
      "outrigger.server": server,
    },
    startMs: originMs + startedMs,
  });
  return {
    ...carryContext(clientSide?.context, { headers: arrival.headers, meta }),
    end: (end) => {
      const judgement = judge(end, { method, isRouted: true });
      finishSpan(parts, clientSide, { end, judgement });
      metrics.observeRoutedCall({ method, errorType: labelFailure(end, judgement) }, (now() - startedMs) / 1_000);
    },
  };
}
