/**
 * Does what a client does at the endpoint, in its order: connect -> list -> search -> read details -> filter -> ask for what policy
 * hides. A tool is called only where it must not be callable, so nothing of the user's ever runs. Judging is judge.ts.
 */
import type { JsonObject } from "@outrigger/mcp";
import type { Endpoint } from "../../endpoint.ts";
import { askMcp, type CallAnswer } from "../../mcp-call.ts";
import { listTools, type ListedTool } from "../../rest.ts";
import type { InjectedPod, ServerFacts } from "../facts.ts";
import type { DeepFacts, Filtered, Greeting, Hidden, Searched, Step } from "./facts.ts";

/** What is tried, and what is known before: servers of the aggregator, and pods whose annotations deny tools. */
export interface Trying {
  readonly endpoint: Endpoint;
  readonly clientVersion: string;
  readonly servers: readonly ServerFacts[];
  readonly injected: readonly InjectedPod[];
}

type Ask = (method: string, params: JsonObject) => Promise<Step<JsonObject>>;

const timeoutMs = 15_000;
const pageSize = 500;

/** Tries everything. Never rejects. */
export async function tryEndpoint(trying: Trying): Promise<DeepFacts> {
  const { endpoint, clientVersion } = trying;
  const { mcpUrl: url, credentials } = endpoint;
  const ask: Ask = async (method, params) =>
    toStep(await askMcp({ url, credentials, method, params, clientVersion, timeoutMs }));
  const greeting = await greet(ask);
  if (!greeting.ok) return { url, greeting };
  const offered = await ask("tools/list", {});
  const all = await listTools(endpoint, { limit: pageSize });
  if (!offered.ok) return { url, greeting, listed: offered };
  if (!all.ok) return { url, greeting, listed: { ok: false, why: all.message } };
  const names = readNames(offered.value["tools"]);
  const listed = { ok: true, value: { offered: names.length, total: all.total } } as const;
  // A tool that is not asleep, with words to be found by.
  const wanted = all.tools.find(({ description }) => description !== "") ?? all.tools[0];
  if (wanted === undefined) return { url, greeting, listed };
  const hasSearch = names.includes("find_tool");
  return {
    url,
    greeting,
    listed,
    ...(hasSearch ? { searched: await search(ask, wanted), described: await describe(ask, wanted) } : {}),
    filtered: await filter(trying, wanted),
    ...(await askForHidden(ask, { trying, tools: all.tools, hasSearch })),
  };
}

function toStep(answer: CallAnswer): Step<JsonObject> {
  switch (answer.kind) {
    case "result":
      return { ok: true, value: answer.result };
    case "error":
    case "unreachable":
      return { ok: false, why: answer.message };
    case "broken":
      return { ok: false, why: `HTTP ${answer.status}, ${answer.why}` };
  }
}

async function greet(ask: Ask): Promise<Step<Greeting>> {
  const answer = await ask("server/discover", {});
  if (!answer.ok) return answer;
  const { serverInfo, supportedVersions } = answer.value;
  const info = isObject(serverInfo) ? serverInfo : {};
  return {
    ok: true,
    value: {
      name: textOf(info["name"]),
      version: textOf(info["version"]),
      revisions: Array.isArray(supportedVersions) ? supportedVersions.map(textOf) : [],
    },
  };
}

/** Calls one of the endpoint's own tools; an answer that is an error is a step that failed. */
async function use(ask: Ask, name: string, values: JsonObject): Promise<Step<JsonObject>> {
  const answer = await ask("tools/call", { name, arguments: values });
  if (!answer.ok) return answer;
  if (answer.value["isError"] === true) return { ok: false, why: readText(answer.value) };
  const { structuredContent } = answer.value;
  return isObject(structuredContent)
    ? { ok: true, value: structuredContent }
    : { ok: false, why: `${name} gave no structure` };
}

const mostWords = 12;

async function search(ask: Ask, wanted: ListedTool): Promise<Step<Searched>> {
  const words = `${wanted.ownName.replaceAll(/[_.-]+/g, " ")} ${wanted.description}`
    .split(/\s+/)
    .slice(0, mostWords)
    .join(" ");
  const found = await use(ask, "find_tool", { description: words, limit: 5 });
  return found.ok ? { ok: true, value: { wanted: wanted.name, words, found: readNames(found.value["tools"]) } } : found;
}

async function describe(
  ask: Ask,
  wanted: ListedTool,
): Promise<Step<{ readonly name: string; readonly server: string }>> {
  const told = await use(ask, "describe_tool", { name: wanted.name });
  if (!told.ok) return told;
  const { name, definition } = told.value;
  const isWhole = name === wanted.name && isObject(definition) && isObject(definition["inputSchema"]);
  const server = `${wanted.namespace}/${wanted.server}`;
  return isWhole
    ? { ok: true, value: { name: wanted.name, server } }
    : { ok: false, why: `${wanted.name} came without its definition` };
}

/** By the namespace of a tool, and by a server that runs. */
async function filter({ endpoint, servers }: Trying, wanted: ListedTool): Promise<Step<readonly Filtered[]>> {
  const running = servers.find(({ state, tools }) => state === "Ready" && tools > 0);
  const server = running === undefined ? undefined : { namespace: running.namespace, name: running.name };
  const tries = [
    { by: `namespace ${wanted.namespace}`, query: { namespace: wanted.namespace }, keeps: isIn(wanted.namespace) },
    ...(server === undefined
      ? []
      : [
          {
            by: `running server ${server.namespace}/${server.name}`,
            query: { server: `${server.namespace}/${server.name}` },
            keeps: isOf(server),
          },
        ]),
  ];
  const tried: Filtered[] = [];
  for (const { by, query, keeps } of tries) {
    const answer = await listTools(endpoint, { ...query, limit: pageSize });
    if (!answer.ok) return { ok: false, why: answer.message };
    const strays = answer.tools.filter((tool) => !keeps(tool)).map(({ name }) => name);
    tried.push({ by, left: answer.total, strays });
  }
  return { ok: true, value: tried };
}

type Keeps = (tool: ListedTool) => boolean;
const isIn =
  (namespace: string): Keeps =>
  (tool) =>
    tool.namespace === namespace;
const isOf =
  (server: { readonly namespace: string; readonly name: string }): Keeps =>
  (tool) =>
    tool.namespace === server.namespace && tool.server === server.name;

interface Hiding {
  readonly trying: Trying;
  readonly tools: readonly ListedTool[];
  readonly hasSearch: boolean;
}

async function askForHidden(ask: Ask, { trying, tools, hasSearch }: Hiding): Promise<Pick<DeepFacts, "hidden">> {
  const name = findHiddenName(trying.injected, tools);
  if (name === undefined) return {};
  // What is listed may be callable, and is wrong already: it is not called.
  if (tools.some((tool) => tool.name === name))
    return { hidden: { ok: true, value: { name, isListed: true, wasCalled: false } } };
  const params = hasSearch ? { name: "call_tool", arguments: { name, arguments: {} } } : { name, arguments: {} };
  const answer = await ask("tools/call", params);
  // An unknown name is an error for a direct call, and an answer for a model through call_tool.
  const isUnknown = answer.ok ? isUnknownTool(answer.value) : /^Unknown tool/.test(answer.why);
  if (!answer.ok && !isUnknown) return { hidden: { ok: false, why: answer.why } };
  const hidden: Hidden = { name, isListed: false, wasCalled: !isUnknown };
  return { hidden: { ok: true, value: hidden } };
}

const isUnknownTool = (result: JsonObject): boolean =>
  result["isError"] === true && /^Unknown tool/.test(readText(result));

/** The public name of a tool that a pod's annotation denies, made as the names of its server's other tools are. */
function findHiddenName(injected: readonly InjectedPod[], tools: readonly ListedTool[]): string | undefined {
  for (const { namespace, server, denied } of injected) {
    const sibling = tools.find(
      (tool) => tool.namespace === namespace && tool.server === server && tool.name.endsWith(tool.ownName),
    );
    const [name] = denied;
    if (name === undefined || sibling === undefined) continue;
    return `${sibling.name.slice(0, -sibling.ownName.length)}${name}`;
  }
  return undefined;
}

function readText({ content }: JsonObject): string {
  const [first] = Array.isArray(content) ? (content as readonly unknown[]) : [];
  return isObject(first) ? textOf(first["text"]) : "";
}

function readNames(tools: unknown): readonly string[] {
  return Array.isArray(tools) ? tools.filter(isObject).map((tool) => textOf(tool["name"])) : [];
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
