/** What the aggregator's catalogue knows of a tool, of its server and of its rank for a query. Asks; decides nothing. */
import type { Look } from "../../check/look.ts";
import type { Endpoint } from "../../endpoint.ts";
import { pickDefined } from "../defined.ts";
import { askJson, readServer, type ListedServer } from "../../rest.ts";
import { isObject, readInteger, readList, readMember, readText, type JsonObject } from "@outrigger/webhook/inject";
import type { ToolName } from "./name.ts";

/** A tool that is listed; `definition` is raw JSON. */
export interface ListedTool {
  readonly publicName: string;
  readonly ownName: string;
  readonly namespace: string;
  readonly server: string;
  readonly definition: JsonObject;
}

/** Its server as the catalogue has it. `pin`: where the tool's definition is not the approved one. */
export interface KnownServer extends ListedServer {
  readonly pin?: "Changed" | "Unapproved";
}

/** What one term gave a tool's score, and in which fields. */
export interface TermScore {
  readonly term: string;
  readonly for?: string;
  readonly score: number;
  readonly fields: readonly { readonly field: string; readonly score: number }[];
}

/** Why a tool stands where it stands for a query; `rank` is absent where it scored nothing. */
export interface RankFacts {
  readonly query: string;
  readonly rank?: number;
  readonly of: number;
  readonly score: number;
  readonly raw: number;
  readonly best: number;
  readonly exact: boolean;
  readonly terms: readonly TermScore[];
  readonly absent: readonly string[];
}

/** Everything that was told. `nearest`: names like the one that was asked for. */
export interface CatalogueSight {
  readonly tool?: ListedTool;
  readonly server?: KnownServer;
  readonly nearest: readonly string[];
  readonly rank?: RankFacts;
}

/** Asks. Never rejects. */
export async function askAggregator(
  endpoint: Endpoint,
  name: ToolName,
  query: string | undefined,
): Promise<Look<CatalogueSight>> {
  const ask = createAsk(endpoint);
  const found = await ask("tools", { q: name.given, limit: "1", detail: "short" });
  if (!found.ok) return found;
  const place = findPlace(found.value, name);
  const tool = await listTool(ask, place);
  if (!tool.ok) return tool;
  const servers = await ask("servers", {});
  if (!servers.ok) return servers;
  const rank = await askRank(ask, query, tool.value?.publicName);
  if (!rank.ok) return rank;
  const server = findServer(servers.value, tool.value ?? place, tool.value?.ownName ?? place.tool);
  const nearest = tool.value === undefined ? textsOf(readList(found.value, "did_you_mean")) : [];
  return { ok: true, value: { ...pickDefined({ tool: tool.value, server, rank: rank.value }), nearest } };
}

type Ask = (path: string, parameters: Readonly<Record<string, string>>) => Promise<Look<unknown>>;

function createAsk({ base, path: endpoint }: Endpoint): Ask {
  return async (path, parameters) => {
    const limits = path === "servers" || endpoint === undefined ? {} : { endpoint };
    const query = new URLSearchParams({ ...parameters, ...limits }).toString();
    const answer = await askJson(`${base}/api/v1/${path}${query === "" ? "" : `?${query}`}`);
    return answer.ok
      ? { ok: true, value: answer.body }
      : { ok: false, why: `the aggregator at ${base}: ${answer.message}` };
  };
}

/** A search for a name has the tool of that name first; only the catalogue knows whose a cut name is. */
function findPlace(outcome: unknown, name: ToolName): ToolName {
  const [best] = readList(outcome, "tools");
  const [server, namespace] = [readText(best, "server"), readText(best, "namespace")];
  const isNamed = readText(best, "name") === name.given && server !== undefined && namespace !== undefined;
  return isNamed ? { given: name.given, namespace, server } : name;
}

/** Pages through the tools of a server, at most some thousand. */
async function listTool(ask: Ask, { given, namespace, server, tool }: ToolName): Promise<Look<ListedTool | undefined>> {
  if (server === undefined) return { ok: true, value: undefined };
  const place = namespace === undefined ? server : `${namespace}/${server}`;
  let cursor: string | undefined;
  do {
    const page = await ask("tools", { server: place, limit: "500", ...(cursor === undefined ? {} : { cursor }) });
    if (!page.ok) return page;
    const listed = readList(page.value, "tools").filter(isObject).map(readListed);
    const found = listed.find((each) => each.publicName === given || each.ownName === tool);
    if (found !== undefined) return { ok: true, value: found };
    cursor = readText(page.value, "nextCursor");
  } while (cursor !== undefined);
  return { ok: true, value: undefined };
}

function readListed(tool: JsonObject): ListedTool {
  const text = (member: string): string => readText(tool, member) ?? "";
  return {
    publicName: text("name"),
    ownName: text("ownName"),
    namespace: text("namespace"),
    server: text("server"),
    definition: tool,
  };
}

function findServer(
  answer: unknown,
  { namespace, server }: { readonly namespace?: string; readonly server?: string },
  tool: string | undefined,
): KnownServer | undefined {
  const record = readList(answer, "servers")
    .filter(isObject)
    .find(
      (each) =>
        readText(each, "name") === server && (namespace ?? readText(each, "namespace")) === readText(each, "namespace"),
    );
  if (record === undefined) return undefined;
  const pin = readList(record, "replicas")
    .flatMap((replica) => readList(replica, "findings"))
    .filter((finding) => readText(finding, "tool") === tool)
    .map((finding) => readText(finding, "state"))
    .find((state) => state === "Changed" || state === "Unapproved");
  return { ...readServer(record), ...(pin === undefined ? {} : { pin }) };
}

async function askRank(
  ask: Ask,
  query: string | undefined,
  name: string | undefined,
): Promise<Look<RankFacts | undefined>> {
  if (query === undefined || name === undefined) return { ok: true, value: undefined };
  const answer = await ask("tools", { q: query, limit: "1", detail: "short", explain: "true", explain_tool: name });
  if (!answer.ok) return answer;
  const told = readList(answer.value, "explanations").find((each) => readText(each, "name") === name);
  return { ok: true, value: told === undefined ? undefined : readRank(told, query) };
}

function readRank(told: unknown, query: string): RankFacts {
  const number = (holder: unknown, member: string): number => {
    const value = readMember(holder, member);
    return typeof value === "number" ? value : 0;
  };
  const rank = readInteger(told, "rank");
  return {
    query,
    ...(rank === undefined ? {} : { rank }),
    of: number(told, "of"),
    score: number(told, "score"),
    raw: number(told, "raw"),
    best: number(told, "best"),
    exact: readMember(told, "exact") === true,
    absent: textsOf(readList(told, "absent")),
    terms: readList(told, "terms").map((term) => ({
      term: readText(term, "term") ?? "",
      ...(readText(term, "for") === undefined ? {} : { for: readText(term, "for") ?? "" }),
      score: number(term, "score"),
      fields: readList(term, "fields").map((field) => ({
        field: readText(field, "field") ?? "",
        score: number(field, "score"),
      })),
    })),
  };
}

const textsOf = (list: readonly unknown[]): readonly string[] => list.filter((each) => typeof each === "string");
