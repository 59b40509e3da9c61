import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { makeTool, startFakeSidecar, type FakeSidecar } from "../fixtures/fake-sidecar/sidecar.ts";
import { connectLegacy, connectModern, modernRequest, openSession, postRaw, textOf } from "../fixtures/mcp-clients.ts";
import { waitFor } from "../fixtures/wait-for.ts";

let git: FakeSidecar;
let files: FakeSidecar;
let aggregator: RunningAggregator;
const ends: (() => Promise<unknown>)[] = [];

async function start(flags: readonly string[] = []): Promise<void> {
  git = await startFakeSidecar("git", {
    tools: [makeTool("create_branch", "Creates a branch in a repository."), makeTool("search", "Searches commits.")],
  });
  files = await startFakeSidecar("files", {
    era: "modern",
    tools: [makeTool("read_file", "Reads a file from disk."), makeTool("search", "Searches the text of files.")],
  });
  ends.push(
    () => git.close(),
    () => files.close(),
  );
  aggregator = await startAggregatorProgram({ git: git.entry({ group: "code" }), files: files.entry() }, flags);
  ends.push(() => aggregator.close());
  await aggregator.ready();
}

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe.each([
  ["SDK v1, legacy", connectLegacy],
  ["SDK v2, modern", connectModern],
] as const)("%s", (_name, connect) => {
  beforeEach(() => start());

  const connectClient = async () => {
    const client = await connect(`${aggregator.url}/mcp`);
    ends.push(() => client.close());
    return client;
  };

  it("F-093 finds a tool by a task and calls it, whatever the era of its server", async () => {
    const client = await connectClient();
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["call_tool", "describe_tool", "find_tool", "list_servers"]);
    expect(tools.find(({ name }) => name === "find_tool")?.description).toMatch(/4 tools of 2 servers/);

    for (const [task, expected] of [
      ["make a new branch", "git__create_branch"],
      ["read a file", "files__read_file"],
    ] as const) {
      const found = await client.callTool({ name: "find_tool", arguments: { description: task } });
      const { tools: results } = found.structuredContent as { tools: { name: string }[] };
      expect(results[0]?.name).toBe(expected);
      expect(JSON.parse(textOf(found))).toEqual(found.structuredContent);
      const called = await client.callTool({
        name: "call_tool",
        arguments: { name: expected, arguments: { text: "hello" } },
      });
      expect(textOf(called)).toBe('{"text":"hello"}');
    }
  });

  it("F-093 takes the names of arguments that other optimizers use", async () => {
    const client = await connectClient();
    const found = await client.callTool({
      name: "find_tool",
      arguments: { tool_description: "read a file", tool_keywords: ["file"] },
    });
    expect(found.structuredContent).toMatchObject({ tools: [{ name: "files__read_file" }, {}] });
    const called = await client.callTool({
      name: "call_tool",
      arguments: { server_name: "files", tool_name: "read_file", parameters: { text: "x" } },
    });
    expect(textOf(called)).toBe('{"text":"x"}');
  });

  it("F-094 lists servers, lists a server's tools, describes a tool", async () => {
    const client = await connectClient();
    const servers = await client.callTool({ name: "list_servers", arguments: {} });
    expect(servers.structuredContent).toMatchObject({
      servers: [
        { name: "files", namespace: "local", group: "default", state: "Ready", tools: 2 },
        { name: "git", group: "code", tools: 2 },
      ],
    });
    const tools = await client.callTool({ name: "list_servers", arguments: { server: "git" } });
    expect(tools.structuredContent).toMatchObject({
      tools: [
        { name: "git__create_branch", description: "Creates a branch in a repository." },
        { name: "git__search", description: "Searches commits." },
      ],
    });
    const described = await client.callTool({ name: "describe_tool", arguments: { name: "git__search" } });
    expect(described.structuredContent).toMatchObject({
      name: "git__search",
      server: "git",
      state: "Ready",
      digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      effective_limits: { calls: [], max_request_bytes: 4_194_304, max_response_bytes: 10_485_760 },
      definition: { ...makeTool("search", "Searches commits."), name: "git__search" },
    });
    const unknown = await client.callTool({ name: "list_servers", arguments: { server: "gitt" } });
    expect(unknown.isError).toBe(true);
    expect(textOf(unknown)).toBe("Unknown server: gitt. The nearest names are: git");
  });

  it("F-100 says that searching changes nothing, and says nothing of what a call does", async () => {
    const client = await connectClient();
    const { tools } = await client.listTools();
    const hints = Object.fromEntries(tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint]));
    expect(hints).toEqual({ find_tool: true, describe_tool: true, list_servers: true, call_tool: undefined });
  });

  it("F-086 calls both of two tools with one name, each at its own server", async () => {
    const client = await connectClient();
    git.data.answer(({ id, res }) =>
      res
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: "from git" }] } })),
    );
    expect(textOf(await client.callTool({ name: "git__search" }))).toBe("from git");
    expect(textOf(await client.callTool({ name: "files__search" }))).toBe("{}");
    const ambiguous = await client.callTool({ name: "call_tool", arguments: { name: "search" } });
    expect(ambiguous.isError).toBe(true);
    expect(textOf(ambiguous)).toMatch(/^Unknown tool: search\. The nearest names are: .*git__search/);
  });

  it("answers an unknown tool with the nearest names: as a result in call_tool, as an error on a direct call", async () => {
    const client = await connectClient();
    const inside = await client.callTool({ name: "call_tool", arguments: { name: "git__create_brnch" } });
    expect(inside.isError).toBe(true);
    expect(textOf(inside)).toMatch(/^Unknown tool: git__create_brnch\. The nearest names are: git__create_branch/);
    await expect(client.callTool({ name: "git__create_brnch" })).rejects.toMatchObject({
      code: -32_602,
      message: expect.stringContaining("The nearest names are: git__create_branch") as string,
    });
  });

  it("refuses wrong arguments by field, form and value", async () => {
    const client = await connectClient();
    await expect(
      client.callTool({ name: "find_tool", arguments: { description: "x", limit: 99 } }),
    ).rejects.toMatchObject({
      code: -32_602,
      message: expect.stringContaining("limit: expected a whole number") as string,
    });
    await expect(client.callTool({ name: "call_tool", arguments: {} })).rejects.toMatchObject({ code: -32_602 });
    await expect(client.callTool({ name: "list_servers", arguments: { cursor: "nonsense" } })).rejects.toMatchObject({
      code: -32_602,
    });
  });

  it("relays progress under the caller's own token, and nothing where it was not asked for", async () => {
    const client = await connectClient();
    for (const server of [git, files]) {
      server.data.answer(({ id, progressToken, res }) => {
        res.writeHead(200, { "content-type": "text/event-stream" });
        const send = (message: object): void =>
          void res.write(`data: ${JSON.stringify({ jsonrpc: "2.0", ...message })}\n\n`);
        for (const progress of [1, 2]) {
          if (progressToken !== undefined) {
            send({
              method: "notifications/progress",
              params: { progressToken, progress, total: 2, message: `step ${progress}` },
            });
          }
          send({ method: "notifications/progress", params: { progressToken: "somebody else's", progress: 99 } });
        }
        send({ id, result: { content: [{ type: "text", text: String(progressToken !== undefined) }] } });
        res.end();
      });
    }
    for (const name of ["git__search", "files__search"]) {
      const seen: (string | undefined)[] = [];
      const result = await client.callTool({ name }, ...progressOptions(client, (message) => seen.push(message)));
      expect([textOf(result), seen]).toEqual(["true", ["step 1", "step 2"]]);
      expect(textOf(await client.callTool({ name }))).toBe("false");
    }
  });
});

/** The two generations take request options at different places. */
function progressOptions(client: object, onMessage: (message: string | undefined) => void): never[] {
  const options = { onprogress: ({ message }: { message?: string }) => onMessage(message) };
  const isV1 = "assertRequestHandlerCapability" in client && client.constructor.length === 2 && !("listen" in client);
  return (isV1 ? [undefined, options] : [options]) as never[];
}

describe("the endpoint itself", () => {
  it("F-093 in direct mode lists every tool under its public name, with unknown members kept, and no search tools", async () => {
    await start(["--mode", "direct"]);
    const odd = {
      ...makeTool("odd"),
      title: "Odd",
      vendorExtension: { deep: [1] },
      annotations: { destructiveHint: true },
    };
    files.control.list([odd]);
    const [body, headers] = modernRequest("tools/list", {});
    const listed = await waitFor("the new list", async () => {
      const answer = await postRaw(`${aggregator.url}/mcp`, body, headers);
      const { tools } = answer.messages[0]?.["result"] as { tools: { name: string }[] };
      return tools.length === 3 && tools;
    });
    expect(listed).toEqual([
      { ...odd, name: "files__odd" },
      { ...makeTool("create_branch", "Creates a branch in a repository."), name: "git__create_branch" },
      { ...makeTool("search", "Searches commits."), name: "git__search" },
    ]);
    const client = await connectModern(`${aggregator.url}/mcp`);
    ends.push(() => client.close());
    await expect(client.callTool({ name: "find_tool", arguments: { description: "x" } })).rejects.toMatchObject({
      code: -32_602,
    });
  });

  it("F-051 serves a group at its own path: listed, found, described and called there is only what is in the group", async () => {
    await start();
    const client = await connectLegacy(`${aggregator.url}/mcp/g/code`);
    ends.push(() => client.close());
    const servers = await client.callTool({ name: "list_servers", arguments: {} });
    expect(servers.structuredContent).toMatchObject({ servers: [{ name: "git" }] });
    const found = await client.callTool({ name: "find_tool", arguments: { description: "search the text of files" } });
    const { tools } = found.structuredContent as { tools: { server: string }[] };
    expect(new Set(tools.map(({ server }) => server))).toEqual(new Set(["git"]));
    for (const name of ["call_tool", "describe_tool"]) {
      const result = await client.callTool({ name, arguments: { name: "files__read_file" } });
      expect([name, result.isError]).toEqual([name, true]);
      expect(textOf(result)).not.toContain("files__search");
    }
    await expect(client.callTool({ name: "files__read_file" })).rejects.toMatchObject({ code: -32_602 });
    expect(textOf(await client.callTool({ name: "git__search", arguments: { text: "a" } }))).toBe('{"text":"a"}');

    const absent = await postRaw(`${aggregator.url}/mcp/g/nobody`, ...modernRequest("tools/list", {}));
    expect([absent.status, absent.text]).toEqual([404, expect.stringContaining("There is no group")]);
  });

  it("tells sessions and listeners when the list of tools changes", async () => {
    await start(["--mode", "direct"]);
    const legacy = await connectLegacy(`${aggregator.url}/mcp`);
    const modern = await connectModern(`${aggregator.url}/mcp`);
    ends.push(
      () => legacy.close(),
      () => modern.close(),
    );
    const told: string[] = [];
    const { ToolListChangedNotificationSchema } = await import("@modelcontextprotocol/sdk/types.js");
    legacy.setNotificationHandler(ToolListChangedNotificationSchema, () => void told.push("legacy"));
    modern.setNotificationHandler("notifications/tools/list_changed", () => void told.push("modern"));
    const listening = await modern.listen({ toolsListChanged: true });
    ends.push(() => listening.close());
    await waitFor("the standalone stream of the legacy client", () => true);
    await waitFor("both to be told", () => {
      // The legacy client opens its stream on its own time, so the list changes until both have heard.
      files.control.list([makeTool(`tool_${performance.now().toFixed(0)}`)]);
      return told.includes("legacy") && told.includes("modern");
    });
  });

  it("F-093 changes the text of find_tool while servers come for the first time, then at most every ten minutes", async () => {
    await start();
    const readText = async (): Promise<string> => {
      const answer = await postRaw(`${aggregator.url}/mcp`, ...modernRequest("tools/list", {}));
      const { tools } = answer.messages[0]?.["result"] as { tools: { name: string; description: string }[] };
      return tools.find(({ name }) => name === "find_tool")?.description ?? "";
    };
    const first = await waitFor("the whole catalogue in the text", async () => {
      const text = await readText();
      return text.includes("4 tools of 2 servers") && text;
    });
    files.control.list([makeTool("read_file"), makeTool("search"), makeTool("write_file")]);
    await waitFor("the new tool", async () => (await aggregator.get("/api/v1/summary"))["tools"] === 5);
    expect(await readText()).toBe(first);
  });

  it("refuses foreign Hosts and Origins, wrong media types, and bodies that are not exactly one message", async () => {
    await start(["--hosts", "mcp.tools.svc", "--origins", "https://app.example"]);
    const url = `${aggregator.url}/mcp`;
    const [body, headers] = modernRequest("tools/list", {});
    const cases: [string, string, Record<string, string>, number, number][] = [
      ["foreign Origin", body, { ...headers, origin: "https://evil.example" }, 403, -32_600],
      ["wrong media type", body, { ...headers, "content-type": "text/plain" }, 415, -32_600],
      ["media type that only looks right", body, { ...headers, "content-type": "application/jsonp" }, 415, -32_600],
      ["no JSON", "{", {}, 400, -32_700],
      ["two messages", `${body}${body}`, headers, 400, -32_700],
      ["a duplicate key", body.replace('"id":7', '"id":7,"id":8'), headers, 400, -32_600],
      [
        "deep nesting",
        `{"jsonrpc":"2.0","id":1,"method":"x","params":${"[".repeat(500)}${"]".repeat(500)}}`,
        {},
        400,
        -32_600,
      ],
      ["a batch after 2025-03-26", `[${body}]`, { "mcp-protocol-version": "2025-06-18" }, 400, -32_600],
      ["too large", JSON.stringify({ x: "y".repeat(4 * 1024 * 1024) }), {}, 413, 10_413],
      ["no session", '{"jsonrpc":"2.0","id":1,"method":"tools/list"}', {}, 400, -32_600],
      ["unknown session", '{"jsonrpc":"2.0","id":1,"method":"tools/list"}', { "mcp-session-id": "x" }, 404, -32_600],
    ];
    for (const [name, text, extra, status, code] of cases) {
      const answer = await postRaw(url, text, extra);
      expect([name, answer.status, (answer.messages[0]?.["error"] as { code: number }).code]).toEqual([
        name,
        status,
        code,
      ]);
    }
    const allowed = await postRaw(url, body, { ...headers, origin: "https://app.example" });
    expect(allowed.status).toBe(200);
    expect(await requestWithHost(url, "evil.example")).toBe(403);
    expect(await requestWithHost(url, "mcp.tools.svc:7777")).toBe(405);
    expect(await requestWithHost(`${aggregator.url}/api/v1/servers`, "evil.example")).toBe(403);
  });

  it("F-078 ends a session on DELETE: afterwards it is unknown, and its upstream session is closed", async () => {
    await start();
    const url = `${aggregator.url}/mcp`;
    const session = await openSession(url);
    const call = JSON.stringify({ jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "git__search" } });
    expect((await postRaw(url, call, session)).status).toBe(200);
    expect(git.data.sessions.size).toBe(1);
    const ended = await fetch(url, { method: "DELETE", headers: session });
    expect(ended.status).toBe(200);
    expect((await postRaw(url, call, session)).status).toBe(404);
    await waitFor("the end of the upstream session", () => git.data.sessions.size === 0);
  });
});

/** `fetch` sets Host by itself. */
async function requestWithHost(url: string, host: string): Promise<number> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (res) => {
      res.resume();
      resolve(res.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}
