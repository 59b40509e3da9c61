/** Prompts, resources, templates, tools and completion of a real server as each caller sees them: every endpoint, both eras, real programs. */
import { createHash, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { apiKeyPrefix } from "@outrigger/api/api-key";
import { generateKeyPair } from "@outrigger/runtime/jws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startFixture } from "../conformance/servers.ts";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { modernRequest, openSession, postRaw } from "../fixtures/mcp-clients.ts";
import { createPrograms } from "../fixtures/programs.ts";
import { startRealSidecar } from "../fixtures/real-sidecar.ts";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";

type Json = Readonly<Record<string, unknown>>;
type Who = "olga" | "guest";

const programs = createPrograms();
const folder = nameFileFolder("visible");
const place = (name: string): string => join(folder, name);
const keyOf: Readonly<Record<Who, string>> = { olga: newKey(), guest: newKey() };
let aggregator: RunningAggregator;

function newKey(): string {
  return `${apiKeyPrefix}${randomBytes(32).toString("base64url")}`;
}

const hashLine = (name: Who, groups: string): string =>
  `${name} sha256:${createHash("sha256").update(keyOf[name]).digest("hex")} ${groups}`.trim();

/** What everybody may use, beside what is for the group ops alone. */
const forAll = {
  tools: ["test_simple_text"],
  prompts: ["test_simple_prompt"],
  resources: ["test://static-text"],
};
const rules = [
  { name: "everybody", action: "Allow", subjects: [{ kind: "Any" }], ...forAll },
  {
    ...{ name: "ops", action: "Allow", subjects: [{ kind: "Group", name: "ops" }] },
    ...{
      tools: ["test_error_*"],
      prompts: ["test_prompt_with_*"],
      resources: ["test://static-*", "test://template/*"],
    },
  },
];

beforeAll(async () => {
  const key = await generateKeyPair();
  await Promise.all([
    writeFile(place("public.json"), JSON.stringify({ keys: [key.publicJwk] })),
    writeFile(place("private.json"), JSON.stringify(key.privateJwk)),
    writeFile(place("keys"), [hashLine("olga", "ops"), hashLine("guest", "")].join("\n")),
    writeFile(place("policy.json"), JSON.stringify({ rules })),
    writeFile(place("endpoints.json"), JSON.stringify({ endpoints: { desk: { servers: ["fixture"], exposure } } })),
  ]);
  const upstream = await startFixture(programs);
  const flags = ["--upstream", upstream, "--policy", place("policy.json"), "--namespace", "local"];
  const sidecar = await startRealSidecar(programs, "fixture", [...flags, "--assertion-keys", place("public.json")]);
  aggregator = await startAggregatorProgram({ fixture: sidecar.entry({ group: "all" }) }, [
    ...["--auth", "api-key", "--api-keys", place("keys"), "--assertion-key", place("private.json")],
    ...["--mode", "direct", "--endpoints", place("endpoints.json")],
  ]);
  await waitFor("what only some see", async () => (await listAll("olga", "modern", "/mcp")).length > 5, 30_000);
}, 90_000);

afterAll(async () => {
  await aggregator.close();
  await programs.endAll();
});

const exposure = { mode: "direct" };
const as = (who: Who) => ({ authorization: `Bearer ${keyOf[who]}` });

type Era = "legacy" | "modern";
type Ask = (method: string, params: Record<string, unknown>) => Promise<Json>;

/** Asks in the voice of an era; the last message of the answer. */
async function connect(who: Who, era: Era, path: string): Promise<Ask> {
  const url = aggregator.url + path;
  const session = era === "legacy" ? await openSession(url, as(who)) : {};
  return async (method, params) => {
    const [body, headers] =
      era === "modern"
        ? modernRequest(method, params)
        : [JSON.stringify({ jsonrpc: "2.0", id: 3, method, params }), session];
    const named = typeof params["uri"] === "string" ? { "mcp-name": params["uri"] } : {};
    const { messages } = await postRaw(url, body, { ...headers, ...named, ...as(who) });
    return messages.at(-1) ?? {};
  };
}

interface Listed {
  readonly kind: "tool" | "prompt" | "resource" | "template";
  readonly name: string;
}

async function list(ask: Ask): Promise<readonly Listed[]> {
  const read = async (kind: Listed["kind"], [method, member, key]: readonly [string, string, string]) => {
    const { result } = (await ask(method, {})) as { result?: Readonly<Record<string, readonly Json[]>> };
    return (result?.[member] ?? []).map((item): Listed => ({ kind, name: String(item[key]) }));
  };
  const all = [
    await read("tool", ["tools/list", "tools", "name"]),
    await read("prompt", ["prompts/list", "prompts", "name"]),
    await read("resource", ["resources/list", "resources", "uri"]),
    await read("template", ["resources/templates/list", "resourceTemplates", "uriTemplate"]),
  ];
  return all.flat();
}

const listAll = async (who: Who, era: Era, path: string): Promise<readonly Listed[]> =>
  list(await connect(who, era, path));

/** One request by which something is used. */
interface Way {
  readonly name: string;
  readonly method: string;
  readonly params: Record<string, unknown>;
}

function waysTo({ kind, name }: Listed): readonly Way[] {
  const argument = { name: "x", value: "" };
  switch (kind) {
    case "tool":
      return [{ name, method: "tools/call", params: { name, arguments: {} } }];
    case "prompt":
      return [
        ...[{ name, method: "prompts/get", params: { name, arguments: promptArguments } }],
        ...[{ name, method: "completion/complete", params: { ref: { type: "ref/prompt", name }, argument } }],
      ];
    case "resource":
      return [{ name, method: "resources/read", params: { uri: name } }];
    case "template":
      return [{ name, method: "completion/complete", params: { ref: { type: "ref/resource", uri: name }, argument } }];
  }
}

const promptArguments = { arg1: "a", arg2: "b", resourceUri: "test://static-text" };

describe.each([
  ["/mcp", "fixture__"],
  ["/mcp/g/all", "fixture__"],
  ["/mcp/s/local/fixture", ""],
  ["/mcp/v/desk", "fixture__"],
] as const)("F-127 F-162 at %s", (path, prefix) => {
  it.each(["legacy", "modern"] as const)(
    "a %s caller can use what it is listed, and nothing else is there",
    async (era) => {
      const ofOlga = await listAll("olga", era, path);
      const ofGuest = await listAll("guest", era, path);
      expect(ofGuest.map(({ name }) => name)).toEqual([
        ...forAll.tools.map((name) => prefix + name),
        ...forAll.prompts.map((name) => prefix + name),
        ...forAll.resources,
      ]);
      expect(new Set(ofOlga.map(({ kind }) => kind))).toEqual(new Set(["tool", "prompt", "resource", "template"]));
      for (const who of ["olga", "guest"] as const) {
        const ask = await connect(who, era, path);
        const listed = new Set((who === "olga" ? ofOlga : ofGuest).map(({ name }) => name));
        for (const { name, method, params } of ofOlga.flatMap(waysTo)) {
          await check(ask, { name, method, params }, listed.has(name));
        }
      }
    },
  );
});

async function check(ask: Ask, { name, method, params }: Way, isListed: boolean): Promise<void> {
  const answer = await ask(method, params);
  const { message = "" } = (answer["error"] ?? {}) as { message?: string };
  // What the endpoint itself refuses. Whatever reaches the server is answered by that, and completion with an error where it knows of none.
  const isThere = method === "completion/complete" ? !message.startsWith("Unknown ") : "result" in answer;
  expect([method, name, isThere, message]).toEqual([method, name, isListed, isListed ? message : expect.anything()]);
  if (isListed) return;
  // As of one that nowhere is: the same words but for what was asked for.
  const other = JSON.parse(JSON.stringify(params).replaceAll(name, `${name}-x`)) as Record<string, unknown>;
  const wordsOf = (told: Json, asked: string): string => JSON.stringify(told["error"]).replaceAll(asked, "");
  expect(wordsOf(answer, name)).toMatch(/Unknown (tool|prompt|resource)/);
  expect(wordsOf(answer, name)).toBe(wordsOf(await ask(method, other), `${name}-x`));
}
