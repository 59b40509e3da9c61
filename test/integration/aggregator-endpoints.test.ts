/** What each endpoint of one aggregator shows: all servers, a group, one server, endpoints of a file; by search, directly, or both. */
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { makeTool, startFakeSidecar, type FakeSidecar } from "../fixtures/fake-sidecar/sidecar.ts";
import { connectLegacy, connectModern, modernRequest, openSession, postRaw, textOf } from "../fixtures/mcp-clients.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";

let git: FakeSidecar;
let files: FakeSidecar;
let aggregator: RunningAggregator;
let file: string;
const ends: (() => Promise<unknown>)[] = [];

const issue = {
  name: "create_issue",
  description: "Creates an issue.",
  inputSchema: {
    type: "object",
    properties: { repository: { type: "string" }, text: { type: "string" } },
    required: ["repository", "text"],
  },
};

async function writeEndpoints(content: object | string): Promise<void> {
  await writeFile(`${file}.next`, typeof content === "string" ? content : JSON.stringify(content));
  await rename(`${file}.next`, file);
}

beforeEach(async () => {
  git = await startFakeSidecar("git", {
    tools: [issue, makeTool("search", "Searches commits."), makeTool("find_tool")],
  });
  files = await startFakeSidecar("files", {
    era: "modern",
    tools: [makeTool("read_file", "Reads a file from disk."), makeTool("search", "Searches the text of files.")],
  });
  ends.push(
    () => git.close(),
    () => files.close(),
  );
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(flags: readonly string[] = [], endpoints?: object): Promise<void> {
  if (endpoints !== undefined) {
    file = join(makeTestFolder("endpoints"), "endpoints.json");
    await writeEndpoints(endpoints);
  }
  const named = endpoints === undefined ? [] : ["--endpoints", file];
  const servers = { git: git.entry({ group: "code" }), files: files.entry() };
  aggregator = await startAggregatorProgram(servers, [...named, ...flags]);
  ends.push(() => aggregator.close());
  await aggregator.ready();
}

const clients = [
  ["SDK v1, legacy", connectLegacy],
  ["SDK v2, modern", connectModern],
] as const;

const connectTo = async (connect: (typeof clients)[number][1], path: string) => {
  const client = await connect(`${aggregator.url}${path}`);
  ends.push(() => client.close());
  return client;
};

const namesAt = async (path: string): Promise<string[]> => {
  const answer = await postRaw(`${aggregator.url}${path}`, ...modernRequest("tools/list", {}));
  const { tools = [] } = answer.messages[0]?.["result"] as { tools?: { name: string }[] };
  return tools.map(({ name }) => name);
};

const messageAt = async (path: string): Promise<[number, unknown]> => {
  const answer = await postRaw(`${aggregator.url}${path}`, ...modernRequest("tools/list", {}));
  return [answer.status, (answer.messages[0]?.["error"] as { message?: string } | undefined)?.message];
};

describe.each(clients)("%s", (_name, connect) => {
  it("F-102 gives one server at its own path, under its own names and without search", async () => {
    await start();
    git.control.tell({ identity: { name: "git", instructions: "Commit often." } });
    await waitFor("the server's instructions", async () => {
      const client = await connectTo(connect, "/mcp/s/git");
      return client.getInstructions()?.includes("Commit often.") === true;
    });
    const client = await connectTo(connect, "/mcp/s/local/git");
    expect(client.getInstructions()).toContain("the server git alone");
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["create_issue", "find_tool", "search"]);
    expect(tools[0]).toMatchObject(issue);
    // A server's tool is never taken for one of the endpoint's.
    expect(textOf(await client.callTool({ name: "find_tool", arguments: { text: "own" } }))).toBe('{"text":"own"}');
    await expect(client.callTool({ name: "git__search" })).rejects.toMatchObject({
      code: -32_602,
      message: expect.stringContaining("The nearest names are: search") as string,
    });
  });

  it("F-103 shows a subset of tools with names, descriptions and fixed arguments of an endpoint's own", async () => {
    const bug = {
      ...{ tool: "git__create_issue", name: "file_bug", description: "Files a bug of the app." },
      arguments: { repository: "acme/app" },
    };
    const reviews = { description: "For reviewers.", servers: ["local/*"], exclude: ["*__find_tool"], tools: [bug] };
    await start([], { endpoints: { reviews } });
    const client = await connectTo(connect, "/mcp/v/reviews");
    expect(client.getInstructions()).toMatch(/^For reviewers\.\n\n/);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["file_bug", "files__read_file", "files__search", "git__search"]);
    expect(tools[0]).toMatchObject({ name: "file_bug", description: "Files a bug of the app." });
    expect(tools[0]?.inputSchema).toEqual({
      type: "object",
      properties: { text: { type: "string" } },
      required: ["text"],
    });

    await client.callTool({ name: "file_bug", arguments: { text: "broken" } });
    const sent = git.data.received.filter(({ method }) => method === "tools/call").at(-1);
    expect(sent?.params).toMatchObject({
      name: "create_issue",
      arguments: { repository: "acme/app", text: "broken" },
    });
    await expect(
      client.callTool({ name: "file_bug", arguments: { text: "x", repository: "acme/other" } }),
    ).rejects.toMatchObject({
      code: -32_602,
      message: expect.stringContaining("repository: expected nothing") as string,
    });
    for (const name of ["git__create_issue", "git__find_tool"]) {
      await expect(client.callTool({ name })).rejects.toMatchObject({ code: -32_602 });
    }
  });

  it("F-099 keeps pinned tools listed beside search, and calls them by their names", async () => {
    await start(["--mode", "hybrid", "--pinned", "*__search"]);
    const client = await connectTo(connect, "/mcp");
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      ...["call_tool", "describe_tool", "files__search", "find_tool", "git__search", "list_servers"],
    ]);
    expect(textOf(await client.callTool({ name: "files__search", arguments: { text: "a" } }))).toBe('{"text":"a"}');
    const found = await client.callTool({ name: "find_tool", arguments: { description: "create an issue" } });
    expect(found.structuredContent).toMatchObject({ tools: [{ name: "git__create_issue" }] });
  });
});

it("F-099 lists few tools directly and many by search, and tells clients when that changes", async () => {
  await start(["--mode", "auto", "--direct-below", "6"]);
  expect(await namesAt("/mcp")).toEqual([
    "files__read_file",
    "files__search",
    "git__create_issue",
    "git__find_tool",
    "git__search",
  ]);
  const client = await connectLegacy(`${aggregator.url}/mcp`);
  ends.push(() => client.close());
  const told = new Promise<void>((resolve) => {
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => resolve());
  });
  files.control.list([makeTool("read_file"), makeTool("search"), makeTool("write_file")]);
  await told;
  expect(await namesAt("/mcp")).toEqual(["call_tool", "describe_tool", "find_tool", "list_servers"]);
  // Clients that hold the list of before call by the names that it had.
  expect(textOf(await client.callTool({ name: "git__search", arguments: { text: "b" } }))).toBe('{"text":"b"}');
});

it("F-103 follows its file: what is new appears, what is gone ends, what is wrong changes nothing and says why", async () => {
  await start([], { endpoints: { one: { servers: ["git"] } }, groups: { code: { exclude: ["*__find_tool"] } } });
  expect(await namesAt("/mcp/v/one")).toHaveLength(3);
  expect(await namesAt("/mcp/g/local/code")).toEqual(["call_tool", "describe_tool", "find_tool", "list_servers"]);
  expect(await messageAt("/mcp/v/onee")).toEqual([404, 'There is no endpoint "onee". The nearest names are: one.']);

  await writeEndpoints('{"endpoints":{"two":{"server":["git"]}}}');
  const complaint = await waitFor("the complaint", () =>
    Promise.resolve(aggregator.log.find(({ msg }) => String(msg).startsWith("the endpoint file can't be used"))),
  );
  expect(complaint["problem"]).toContain("endpoints.two.server: expected no such key; known are description, servers");
  expect(await namesAt("/mcp/v/one")).toHaveLength(3);

  const session = await openSession(`${aggregator.url}/mcp/v/one`);
  await writeEndpoints({ endpoints: { two: { servers: ["files"], exposure: { mode: "search" } } } });
  await waitFor("the new endpoint", async () => (await messageAt("/mcp/v/two"))[0] === 200);
  expect(await namesAt("/mcp/v/two")).toEqual(["call_tool", "describe_tool", "find_tool", "list_servers"]);
  const list = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} });
  await waitFor("the end of the session", async () => {
    return (await postRaw(`${aggregator.url}/mcp/v/one`, list, session)).status === 404;
  });
});

it("F-103 finds in the read API what an endpoint shows, under its names", async () => {
  const bug = { tool: "git__create_issue", name: "file_bug", description: "Files a bug." };
  await start([], { endpoints: { reviews: { tools: [bug] } } });
  const at = async (query: string) => {
    const { tools, error } = await aggregator.get(`/api/v1/${query}`);
    return (tools as { name: string }[] | undefined)?.map(({ name }) => name) ?? error;
  };
  expect(await at("search?q=bug&endpoint=/mcp/v/reviews")).toEqual(["file_bug"]);
  expect(await at("tools?endpoint=/mcp/s/local/git")).toEqual(["create_issue", "find_tool", "search"]);
  expect(await at("tools?endpoint=/mcp/g/code&limit=1")).toEqual(["git__create_issue"]);
  expect(await at("tools?endpoint=/mcp/v/review")).toMatchObject({
    message: 'There is no endpoint "review". The nearest names are: reviews.',
  });
  expect(await at("search?q=bug&endpoint=reviews")).toMatchObject({ message: "There is no such endpoint." });
});

it("F-102 names prompts as their server does, and leaves them out where single tools were chosen", async () => {
  git.control.list([issue], { prompts: [{ name: "review" }] });
  await start([], { endpoints: { whole: { servers: ["git"] }, part: { include: ["git__*"] } } });
  const promptsAt = async (path: string): Promise<unknown[]> => {
    const answer = await postRaw(`${aggregator.url}${path}`, ...modernRequest("prompts/list", {}));
    const { prompts = [] } = (answer.messages[0]?.["result"] ?? {}) as { prompts?: { name: string }[] };
    return prompts.map(({ name }) => name);
  };
  expect(await promptsAt("/mcp/s/git")).toEqual(["review"]);
  expect(await promptsAt("/mcp/v/whole")).toEqual(["git__review"]);
  expect(await promptsAt("/mcp/v/part")).toEqual([]);
});

it("F-103 tells who runs it, and no caller, what its file names and is not there, until it is", async () => {
  const desk = { tools: [{ tool: "git__create_isue" }], servers: ["filess"] };
  await start([], { endpoints: { desk } });
  const absent = [
    "endpoints.desk.servers: no server fits filess; the nearest is files",
    "endpoints.desk.tools: there is no tool git__create_isue; the nearest is git__create_issue",
  ];
  const lineOf = (text: string) => () => aggregator.log.find(({ msg }) => msg === text);
  const line = await waitFor("the line", lineOf("the endpoint file names what is not there"));
  expect(line).toMatchObject({ level: "warn", absent });
  const ready = async (url: string): Promise<string> => (await fetch(`${url}/readyz?verbose`)).text();
  expect(await ready(aggregator.adminUrl)).toContain(absent.join("; "));
  expect(await ready(aggregator.url)).not.toContain("create_isue");
  await writeEndpoints({ endpoints: { desk: { tools: [{ tool: "git__create_issue" }], servers: ["files"] } } });
  await waitFor("the end of it", lineOf("everything that the endpoint file names is there"));
  expect(await ready(aggregator.adminUrl)).not.toContain("endpoint rules");
});

it("F-103 does not start with an endpoint file that can't be read", async () => {
  await expect(start([], { endpoints: { Bad: {} } })).rejects.toThrow("endpoints.Bad: expected as name");
});

it("F-102 says which servers are near a name that no server has", async () => {
  await start();
  expect(await messageAt("/mcp/s/gitt")).toEqual([404, 'There is no server "gitt". The nearest names are: git.']);
  expect(await messageAt("/mcp/s/local/flies")).toEqual([
    404,
    'There is no server "local/flies". The nearest names are: local/files, local/git.',
  ]);
  expect(await messageAt("/mcp/g/cod")).toEqual([404, 'There is no group "cod". The nearest names are: code.']);
  expect(await messageAt("/mcp/g/A%20B")).toEqual([404, "There is no such endpoint."]);
});

it("F-084 restricts an aggregator to groups, for lists, searches and paths alike", async () => {
  await start(["--groups", "code"]);
  const found = await aggregator.get("/api/v1/tools?q=read+a+file&limit=50");
  expect((found["tools"] as { server: string }[]).every(({ server }) => server === "git")).toBe(true);
  expect(await messageAt("/mcp/g/default")).toEqual([404, 'There is no group "default".']);
  expect(await messageAt("/mcp/s/files")).toEqual([404, 'There is no server "files".']);
  expect(await aggregator.get("/api/v1/servers")).toMatchObject({ servers: [{ name: "git" }] });
});

it("F-090 leaves a server out by its exact name, and says so", async () => {
  await start(["--exclude-servers", "local/git,file"]);
  expect(await aggregator.get("/api/v1/servers")).toMatchObject({ servers: [{ name: "files" }] });
  expect(aggregator.log).toContainEqual(
    expect.objectContaining({
      msg: "servers are left out",
      servers: { "local/git": "left out by its name local/git" },
    }),
  );
});

it("F-092 gives the same bytes again while nothing changes, and says how long they may be kept", async () => {
  await start(["--mode", "auto"], { endpoints: { one: { include: ["*__search"] } } });
  for (const path of ["/mcp", "/mcp/g/code", "/mcp/s/files", "/mcp/v/one"]) {
    const ask = async () => (await postRaw(`${aggregator.url}${path}`, ...modernRequest("tools/list", {}))).text;
    const first = await ask();
    files.control.tell({});
    expect(await ask(), path).toBe(first);
    expect(first, path).toContain('"ttlMs":60000,"cacheScope":"public"');
  }
});
