/**
 * How calls went since this program started, by server and tool. Bounded: only tools of the catalogue are called, and beyond the bound new
 * ones are counted together. No caller and no argument is remembered.
 */
import type { Decision } from "../endpoint/decide.ts";
import type { CallTold } from "../endpoint/tools/invocation.ts";
import { serverKey } from "../catalog/entry.ts";
import type { CatalogueSnapshot } from "../catalog/merge.ts";

/** How calls ended, counted. */
export type Outcomes = Readonly<Record<CallTold["outcome"], number>>;

/** Times in ms; `lastAt` RFC 3339. */
export interface CallFigures {
  readonly calls: Outcomes;
  readonly meanMs: number;
  readonly longestMs: number;
  readonly lastAt: string;
}

/** What is told of all calls that somebody may hear of. */
export interface CallStatistics {
  readonly since: string;
  readonly calls: Outcomes;
  readonly servers: readonly (CallFigures & {
    readonly namespace: string;
    readonly server: string;
    readonly tools: readonly (CallFigures & { readonly name: string })[];
  })[];
  readonly uncounted: number;
  /** Searches of all callers; absent where not all callers see the same. */
  readonly searches?: SearchFigures;
}

/** What searches spared: tokens of definitions that callers did not have to read. */
export interface SearchFigures {
  readonly requests: number;
  readonly tokensSaved: number;
}

/** What a reader may hear of: servers and tools that it may see. `isShared`: every caller sees the same. */
export interface CallReader {
  readonly isShared: boolean;
  readonly catalogue: CatalogueSnapshot;
  readonly decision: Pick<Decision, "maySee" | "mayCall">;
}

/** The counts. */
export interface CallCounts {
  readonly count: (told: Pick<CallTold, "namespace" | "server" | "tool" | "outcome" | "durationMs">) => void;
  readonly countSearch: (tokensSaved: number) => void;
  readonly read: (reader: CallReader) => CallStatistics;
}

interface Tally {
  readonly calls: Record<CallTold["outcome"], number>;
  sumMs: number;
  longestMs: number;
  lastMs: number;
}

const defaultMostTools = 20_000;

/** Creates it, empty. `nowMs` is the wall clock. */
export function createCallCounts(nowMs: () => number, mostTools = defaultMostTools): CallCounts {
  const since = new Date(nowMs()).toISOString();
  const byServer = new Map<string, Map<string, Tally>>();
  let tools = 0;
  let uncounted = 0;
  let searches: SearchFigures = { requests: 0, tokensSaved: 0 };
  return {
    countSearch: (tokensSaved) => {
      searches = { requests: searches.requests + 1, tokensSaved: searches.tokensSaved + tokensSaved };
    },
    count: ({ namespace, server, tool, outcome, durationMs }) => {
      const key = serverKey(namespace, server);
      const known = byServer.get(key)?.get(tool);
      if (known === undefined && tools === mostTools) {
        uncounted++;
        return;
      }
      const ofServer = byServer.get(key) ?? new Map<string, Tally>();
      const tally = known ?? createTally();
      if (known === undefined) {
        tools++;
        byServer.set(key, ofServer.set(tool, tally));
      }
      tally.calls[outcome]++;
      tally.sumMs += durationMs;
      tally.longestMs = Math.max(tally.longestMs, durationMs);
      tally.lastMs = nowMs();
    },
    read: ({ catalogue, decision, isShared }) => {
      const servers = [...catalogue.servers.values()]
        .filter((server) => byServer.has(server.key) && decision.maySee(server))
        .sort((a, b) => (a.key < b.key ? -1 : 1))
        .flatMap((server) => {
          const counted = server.tools.flatMap((tool) => {
            const tally = decision.mayCall(tool) ? byServer.get(server.key)?.get(tool.name) : undefined;
            return tally === undefined ? [] : [{ name: tool.publicName, tally }];
          });
          const whole = add(counted.map(({ tally }) => tally));
          if (counted.length === 0) return [];
          const tools = counted.map(({ name, tally }) => ({ name, ...present(tally) }));
          const { namespace, server: name } = server;
          return [{ shown: { namespace, server: name, ...present(whole), tools }, whole }];
        });
      const all = add(servers.map(({ whole }) => whole));
      const shown = servers.map((server) => server.shown);
      return { since, calls: all.calls, servers: shown, uncounted, ...(isShared ? { searches } : {}) };
    },
  };
}

const createTally = (): Tally => ({
  ...{ calls: { ok: 0, tool_error: 0, error: 0, cancelled: 0 }, sumMs: 0, longestMs: 0, lastMs: 0 },
});

function add(tallies: readonly Tally[]): Tally {
  const sum = createTally();
  for (const { calls, sumMs, longestMs, lastMs } of tallies) {
    for (const outcome of outcomes) sum.calls[outcome] += calls[outcome];
    sum.sumMs += sumMs;
    sum.longestMs = Math.max(sum.longestMs, longestMs);
    sum.lastMs = Math.max(sum.lastMs, lastMs);
  }
  return sum;
}

const outcomes = ["ok", "tool_error", "error", "cancelled"] as const;

function present({ calls, sumMs, longestMs, lastMs }: Tally): CallFigures {
  const total = outcomes.reduce((sum, outcome) => sum + calls[outcome], 0);
  const meanMs = Math.round((sumMs / total) * 1_000) / 1_000;
  return {
    calls: { ...calls },
    meanMs,
    longestMs: Math.round(longestMs * 1_000) / 1_000,
    lastAt: new Date(lastMs).toISOString(),
  };
}
