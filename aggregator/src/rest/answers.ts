/** What each operation of the read API answers: data for HTTP, from what the aggregator knows now and what the caller may see. */
import type { Reason } from "@outrigger/api/reasons";
import type { HealthReport } from "@outrigger/runtime/health";
import { findByPublicName } from "../catalog/find.ts";
import type { ServerEntry, ToolEntry } from "../catalog/entry.ts";
import { nearestNames } from "../catalog/nearest.ts";
import type { Decision } from "../endpoint/decide.ts";
import { takePage } from "../endpoint/page.ts";
import type { AggregatorMetrics } from "../metrics.ts";
import { explainScore } from "../search/explain-score.ts";
import { search } from "../search/search.ts";
import type { State } from "../state/state.ts";
import { summarise } from "../state/summary.ts";
import { seenBy, type Known } from "../visibility/seen.ts";
import { guardsOf } from "../visibility/guards.ts";
import type { CallCounts } from "./calls.ts";
import type { ShownSetting } from "./config.ts";
import { buildDocument } from "./openapi/document.ts";
import type { OperationId } from "./openapi/operations.ts";
import { readToolsQuery, type ToolsQuery } from "./query.ts";
import { buildRecords, type ServerRecord } from "./record.ts";

/** What is read. `config`: as it may be shown. */
export interface AnswerParts {
  readonly state: State;
  readonly metrics: Pick<AggregatorMetrics, "observeSearch">;
  readonly calls: Pick<CallCounts, "read">;
  readonly health: () => HealthReport;
  readonly config: readonly ShownSetting[];
  readonly version: string;
}

/**
 * One request that was let in. `view`: what its caller may see, which is all that any answer is made from; `state`: of the endpoint that was
 * asked about.
 */
export interface RestRequest {
  readonly state: State;
  readonly view: Decision;
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
}

/** Status and body. */
export interface RestAnswer {
  readonly status: number;
  readonly body: unknown;
}

const ok = (body: unknown): RestAnswer => ({ status: 200, body });

/** The body of an error. `nearest`: names like the one that was not found. */
export function describeError(message: string, told: { reason?: Reason; nearest?: readonly string[] } = {}): object {
  return { error: { ...told, message } };
}

type Answer = (request: RestRequest) => RestAnswer;

/** The answers, one for each operation of the table. */
export function createAnswers(parts: AnswerParts): Readonly<Record<OperationId, Answer>> {
  const { state } = parts;
  const document = buildDocument(parts.version);
  return {
    listServers: ({ view }) => ok({ servers: listRecords(state, view), faults: state.discovered().faults }),
    readServer: ({ view, path }) => {
      const { namespace = "", server = "" } = path;
      const records = listRecords(state, view);
      const found = records.find((record) => record.namespace === namespace && record.name === server);
      if (found !== undefined) return ok(found);
      const nearest = nearestNames(server, new Set(records.map(({ name }) => name)), 3);
      const message = `No server ${JSON.stringify(cut(`${namespace}/${server}`))}.`;
      return { status: 404, body: describeError(message, { nearest }) };
    },
    listTools: ({ state: at, view, query }) => answerTools({ ...parts, state: at }, view, readToolsQuery(query)),
    search: ({ state: at, view, query }) => {
      if (query["q"] === undefined) return refuse("q: expected what the tool is to do, in words");
      return answerTools({ ...parts, state: at }, view, readToolsQuery(query));
    },
    readTool: ({ view, path }) => {
      const { tool: name = "" } = path;
      const found = findByPublicName(state.catalogue(), name);
      if (found !== undefined && view.mayCall(found)) return ok(presentTool(state, found));
      const visible = state.catalogue().tools.filter(view.mayCall);
      const nearest = nearestNames(name, new Set(visible.map(({ publicName }) => publicName)), 3);
      return { status: 404, body: describeError(`No tool ${JSON.stringify(cut(name))}.`, { nearest }) };
    },
    countCalls: ({ view }) => {
      const catalogue = state.catalogue();
      return ok(parts.calls.read({ catalogue, decision: view, isShared: guardsOf(catalogue).size === 0 }));
    },
    readSummary: ({ view }) => {
      const { catalogue, discovered } = readSeen(state, view);
      return ok(summarise(catalogue, discovered));
    },
    readHealth: () => {
      const report = parts.health();
      return { status: report.ok ? 200 : 503, body: report };
    },
    readConfig: () => ok({ version: parts.version, settings: parts.config }),
    readDocument: () => ok(document),
  };
}

/** Servers that can't be dialled are in no group and list nothing; nothing of them is hidden. */
function listRecords(state: State, view: Decision): readonly ServerRecord[] {
  const hidden = new Set<ServerEntry["key"]>();
  for (const server of state.catalogue().servers.values()) if (!view.maySee(server)) hidden.add(server.key);
  const records = buildRecords(readSeen(state, view));
  return records.filter(({ namespace, name }) => !hidden.has(`${namespace}/${name}`));
}

/** What is known, less what this caller may not see where callers see different things. */
function readSeen(state: State, view: Decision): Known {
  return seenBy({ catalogue: state.catalogue(), views: state.views(), discovered: state.discovered() }, view);
}

function answerTools({ state, metrics }: AnswerParts, view: Decision, query: ToolsQuery): RestAnswer {
  if (query.kind === "refused") return refuse(query.message);
  if (query.kind === "search") {
    const { request, explain } = query;
    const index = state.index();
    const startedMs = performance.now();
    const outcome = search(index, request, view.mayCall);
    metrics.observeSearch(outcome, (performance.now() - startedMs) / 1_000);
    if (explain === undefined) return ok(outcome);
    const named = explain.tool === undefined ? [] : [explain.tool];
    const names = new Set([...outcome.tools.map(({ name }) => name), ...named]);
    const explanations = explainScore(index, { request, mayCall: view.mayCall }, [...names]);
    return ok({ ...outcome, explanations });
  }
  const tools = state.catalogue().tools.filter((tool) => view.mayCall(tool) && query.matches(tool));
  const { limit: size, cursor } = query;
  const page = takePage(tools, { keyOf: ({ publicName }) => publicName, size, cursor });
  if (!page.ok) return refuse("cursor: expected nextCursor of the page before");
  return ok({
    total: tools.length,
    tools: page.items.map((tool) => presentTool(state, tool)),
    ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
  });
}

function presentTool(state: State, tool: ToolEntry): object {
  return {
    ...tool.definition,
    name: tool.publicName,
    ownName: tool.name,
    server: tool.server,
    namespace: tool.namespace,
    group: tool.group,
    state: state.stateOf(tool),
    effectiveLimits: state.limitsOf(tool),
  };
}

const refuse = (message: string): RestAnswer => ({ status: 400, body: describeError(message) });

/** What a caller wrote, as far as it is shown. */
const cut = (name: string): string => name.replace(/\p{C}/gu, "?").slice(0, 128);
