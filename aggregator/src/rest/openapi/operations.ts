/** Every route of the read API: path, parameters, answers. Document, page and routes are made from this table. Pure data. */
import { count, text, truth, word, type Schema } from "./schema.ts";

/** One parameter. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly description: string;
  readonly required?: true;
  readonly schema: Schema;
}

/** One route. `path` as OpenAPI writes it, below `/api/v1`. `answers`: names of schemas by status. */
export interface Operation {
  readonly path: `/${string}`;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly answers: Readonly<Record<number, readonly string[]>>;
}

const query = (name: string, schema: Schema, description: string): Parameter => ({
  ...{ name, in: "query", description, schema },
});
const part = (name: string, description: string): Parameter => ({
  ...{ name, in: "path", description, required: true, schema: text() },
});

const place = [query("group", text(), "Only this group."), query("namespace", text(), "Only this namespace.")];
const endpoint = query("endpoint", text(), "What is seen at this endpoint, by its path, such as `/mcp/g/code`.");
const limit = (most: number): Parameter =>
  query("limit", { ...count(), minimum: 1, maximum: most }, `How many at most, 1 to ${most}.`);

const searching = [
  query("keywords", text(), "Further words, which count beside `q`."),
  query("read_only", truth(), "Only tools that say that they change nothing, or only others."),
  query("tag", text(), "Only tools with this tag."),
  query("max_tokens", count(), "Most tokens of all results; what does not fit is shortened or left out."),
  query("detail", word(["short", "full"]), "Whether results hold whole definitions."),
  query("explain", truth(), "Whether scores are explained."),
  query("explain_tool", text(), "The public name of a tool whose score is explained wherever it stands."),
];
const lowerFirst = (sentence: string): string => sentence.charAt(0).toLowerCase() + sentence.slice(1);
const words: Parameter = query("q", text(), "What the tool is to do, in words.");

/** The table, by the id of each operation. */
const operations = {
  listServers: {
    path: "/servers",
    summary: "All servers, those included that can't be dialled.",
    parameters: [],
    answers: { 200: ["Servers"] },
  },
  readServer: {
    path: "/servers/{namespace}/{server}",
    summary: "One server.",
    parameters: [part("namespace", "Its namespace; `local` for servers of a file."), part("server", "Its name.")],
    answers: { 200: ["Server"], 404: ["Error"] },
  },
  listTools: {
    path: "/tools",
    summary: "Tools by pages in order of name; with `q` a search, as `/search`.",
    parameters: [
      { ...words, description: "Makes it a search: what the tool is to do, in words." },
      limit(500),
      query("server", text(), "Only this server: a name, or `namespace/name`; with `q` its tools stand further up."),
      query("cursor", text(), "`nextCursor` of the page before; not with `q`."),
      endpoint,
      ...place,
      ...searching.map((each) => ({ ...each, description: `With \`q\`: ${lowerFirst(each.description)}` })),
    ],
    answers: { 200: ["Tools", "Search"], 400: ["Error"], 404: ["Error"], 503: ["Error"] },
  },
  readTool: {
    path: "/tools/{tool}",
    summary: "One tool.",
    parameters: [part("tool", "Its public name.")],
    answers: { 200: ["Tool"], 404: ["Error"] },
  },
  search: {
    path: "/search",
    summary: "The search behind `find_tool`.",
    parameters: [
      { ...words, required: true },
      limit(50),
      query("server", text(), "A name, or `namespace/name`: tools of this server stand further up."),
      endpoint,
      ...place,
      ...searching,
    ],
    answers: { 200: ["Search"], 400: ["Error"], 404: ["Error"], 503: ["Error"] },
  },
  countCalls: {
    path: "/calls",
    summary: "How calls of servers and tools went since this replica of the aggregator started.",
    parameters: [],
    answers: { 200: ["Calls"] },
  },
  readSummary: {
    path: "/summary",
    summary: "How many servers were read, how many could not be, and what came of it.",
    parameters: [],
    answers: { 200: ["Summary"] },
  },
  readHealth: {
    path: "/health",
    summary: "Whether this replica of the aggregator is ready, check by check.",
    parameters: [],
    answers: { 200: ["Health"], 503: ["Health"] },
  },
  readConfig: {
    path: "/config",
    summary: "The settings in force, without anything that may be a secret.",
    parameters: [],
    answers: { 200: ["Config"] },
  },
  readDocument: {
    path: "/openapi.json",
    summary: "This API as an OpenAPI document.",
    parameters: [],
    answers: { 200: ["Document"] },
  },
} as const satisfies Readonly<Record<string, Operation>>;

/** The id of an operation. */
export type OperationId = keyof typeof operations;

/** All operations with their ids. */
export const operationList = Object.entries(operations).map(([id, operation]) => ({ id, ...(operation as Operation) }));
