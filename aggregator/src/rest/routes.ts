/**
 * The read API: `/api/v1/servers`, `/api/v1/tools`, `/api/v1/summary`. Search is the function behind `find_tool`; errors are JSON.
 * Host and Origin are checked as at the MCP endpoint, since a web page must not read the catalogue either.
 */
import type { FastifyInstance } from "fastify";
import { reasons } from "@outrigger/api/reasons";
import { createDecision } from "../endpoint/decide.ts";
import { checkNames, type AllowedNames } from "../endpoint/guard.ts";
import { takePage } from "../endpoint/page.ts";
import type { AggregatorMetrics } from "../metrics.ts";
import { explainScore } from "../search/explain-score.ts";
import { search } from "../search/search.ts";
import { summarise } from "../state/summary.ts";
import type { State } from "../state/state.ts";
import { readToolsQuery } from "./query.ts";
import { buildRecords } from "./record.ts";

/** What the API shows. */
export interface RestOptions {
  readonly state: State;
  readonly allowed: AllowedNames;
  readonly metrics: AggregatorMetrics;
}

/** Adds the routes. */
export async function addRestRoutes(app: FastifyInstance, { state, allowed, metrics }: RestOptions): Promise<void> {
  const decision = createDecision({});
  await app.register(
    (scope, _options, done) => {
      scope.addHook("onRequest", async (request, reply) => {
        const { host, origin } = request.headers;
        const reason = checkNames({ host, origin }, allowed);
        if (reason !== undefined) await reply.code(403).send({ error: { reason, message: reasons[reason].sentence } });
      });
      scope.get("/servers", () => {
        const discovered = state.discovered();
        const servers = buildRecords({ catalogue: state.catalogue(), views: state.views(), discovered });
        return { servers, faults: discovered.faults };
      });
      scope.get("/summary", () => summarise(state.catalogue(), state.discovered()));
      scope.get<{ Querystring: Record<string, unknown> }>("/tools", async (request, reply) => {
        const query = readToolsQuery(request.query);
        if (query.kind === "refused") return reply.code(400).send({ error: { message: query.message } });
        if (query.kind === "search") {
          const { request: wanted, explain } = query;
          const index = state.index();
          const startedMs = performance.now();
          const outcome = search(index, wanted, decision.mayCall);
          metrics.observeSearch(outcome, (performance.now() - startedMs) / 1_000);
          if (explain === undefined) return outcome;
          const names = new Set([
            ...outcome.tools.map(({ name }) => name),
            ...(explain.tool === undefined ? [] : [explain.tool]),
          ]);
          const explanations = explainScore(index, { request: wanted, mayCall: decision.mayCall }, [...names]);
          return { ...outcome, explanations };
        }
        const tools = state.catalogue().tools.filter((tool) => decision.mayCall(tool) && query.matches(tool));
        const { limit: size, cursor } = query;
        const page = takePage(tools, { keyOf: ({ publicName }) => publicName, size, cursor });
        if (!page.ok)
          return reply.code(400).send({ error: { message: "cursor: expected nextCursor of the page before" } });
        return {
          total: tools.length,
          tools: page.items.map((tool) => ({
            ...tool.definition,
            name: tool.publicName,
            ownName: tool.name,
            server: tool.server,
            namespace: tool.namespace,
            group: tool.group,
            state: state.stateOf(tool),
            effectiveLimits: state.limitsOf(tool),
          })),
          ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
        };
      });
      done();
    },
    { prefix: "/api/v1" },
  );
}
