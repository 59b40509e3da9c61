/** Shows with real clients that the fixture works in both eras, that its own count can be believed, and that it keeps strangers out. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { connectV1, connectV2, type Peer } from "./peers.ts";
import { createPrograms } from "../fixtures/programs.ts";
import { startFixture } from "./servers.ts";

const programs = createPrograms();
let url = "";

beforeAll(async () => {
  url = await startFixture(programs);
});
afterAll(() => programs.endAll());

describe.each([
  { client: "SDK v1", version: "2025-11-25", connect: () => connectV1(url) },
  { client: "SDK v2, legacy", version: "2025-11-25", connect: () => connectV2(url, "legacy") },
  { client: "SDK v2, modern", version: "2026-07-28", connect: () => connectV2(url, { pin: "2026-07-28" }) },
])("$client", ({ version, connect }) => {
  let peer: Peer;
  beforeAll(async () => {
    peer = await connect();
  });
  afterAll(() => peer.close());

  it(`agrees on ${version}`, () => {
    expect(peer.version).toBe(version);
  });

  it("lists the tools of the scenarios", async () => {
    expect(await peer.listTools()).toEqual(expect.arrayContaining(["test_simple_text", "json_schema_2020_12_tool"]));
  });

  it("runs a tool exactly once per call", async () => {
    const before = (await readCalls())["test_simple_text"] ?? 0;
    expect(await peer.call("test_simple_text")).toBe("This is a simple text response for testing.");
    expect((await readCalls())["test_simple_text"]).toBe(before + 1);
  });

  it("lets a tool ask the user, the model and the roots in the middle of a call", async () => {
    expect(await peer.call("test_elicitation", { message: "Who?" })).toContain("action: accept");
    expect(await peer.call("test_sampling", { prompt: "Capital?" })).toBe("LLM response: Paris");
    expect(await peer.call("test_input_required_result_list_roots")).toBe("Roots: file:///test/root");
  });

  it("carries signed state over two rounds of questions", async () => {
    expect(await peer.call("test_input_required_result_multi_round")).toBe("tester likes green.");
  });

  it("delivers the result of a call whose stream was closed before it", async () => {
    expect(await peer.call("test_reconnection")).toContain("after the stream was closed");
  });

  it("reads a template and completes an argument", async () => {
    expect(JSON.parse(await peer.readText("test://template/42/data"))).toMatchObject({ id: "42" });
    const argument = { name: "arg1", value: "par" };
    expect(await peer.complete("test_prompt_with_arguments", argument)).toEqual(["paris", "park", "party"]);
  });

  it("tells of a changed list and a changed resource, and both have really changed", async () => {
    const news = new Set<string>();
    await peer.watch("test://watched-resource", (method) => news.add(method));
    const hadExtra = (await peer.listTools()).includes("test_extra_tool");
    await peer.call("test_trigger_tool_change");
    await vi.waitFor(
      () => expect([...news].sort()).toEqual(["notifications/resources/updated", "notifications/tools/list_changed"]),
      { timeout: 5000 },
    );
    expect((await peer.listTools()).includes("test_extra_tool")).toBe(!hadExtra);
    expect(JSON.parse(await peer.readText("test://watched-resource"))).toEqual(await readCalls());
  });
});

describe("the count", () => {
  it("counts a call that no tool answers, because it arrived", async () => {
    const peer = await connectV2(url, { pin: "2026-07-28" });
    await expect(peer.call("test_absent_tool")).rejects.toThrow();
    await peer.close();
    expect((await readCalls())["test_absent_tool"]).toBe(1);
  });

  it("counts every call of a batch", async () => {
    const call = { jsonrpc: "2.0", method: "tools/call", params: { name: "test_batched_tool" } };
    await post([
      { ...call, id: 1 },
      { ...call, id: 2 },
      { jsonrpc: "2.0", id: 3, method: "ping" },
    ]);
    expect((await readCalls())["test_batched_tool"]).toBe(2);
  });
});

describe("the endpoint", () => {
  it.each([
    { what: "a foreign Host", headers: { host: "evil.example.com" }, status: 403 },
    { what: "a foreign Origin", headers: { origin: "http://evil.example.com" }, status: 403 },
    { what: "an unknown session", headers: { "mcp-session-id": "unknown" }, status: 404 },
    { what: "no session", headers: {}, status: 400 },
    { what: "another media type", headers: { "content-type": "text/plain" }, status: 415 },
  ])("answers $status to $what", async ({ headers, status }) => {
    expect(await post({ jsonrpc: "2.0", id: 1, method: "tools/list" }, headers)).toBe(status);
  });

  it("answers 400 to what is not JSON and 413 to what is too large", async () => {
    expect(await postText("{")).toBe(400);
    expect(await postText(`"${"x".repeat(5 * 1024 * 1024)}"`)).toBe(413);
  });

  it("forgets an ended session", async () => {
    const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params });
    const opened = await fetch(url, { method: "POST", headers, body });
    await opened.text();
    const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
    expect((await fetch(url, { method: "DELETE", headers: session })).status).toBe(200);
    expect(await post({ jsonrpc: "2.0", id: 2, method: "ping" }, session)).toBe(404);
  });
});

describe("the program", () => {
  const file = fileURLToPath(new URL("../fixtures/conformance-server/main.ts", import.meta.url));
  it.each([
    { how: "SIGTERM", stop: (child: ReturnType<typeof spawn>) => child.kill("SIGTERM") },
    { how: "the end of stdin", stop: (child: ReturnType<typeof spawn>) => child.stdin?.end() },
  ])("ends on $how, also with an open session", async ({ stop }) => {
    const child = spawn(process.execPath, ["--conditions=outrigger-source", file, "--port", "0"], { stdio: "pipe" });
    const exited = once(child, "exit");
    try {
      const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
      const peer = await connectV1((JSON.parse(line) as { listening: string }).listening);
      stop(child);
      expect(await exited).toEqual([0, null]);
      await peer.close();
    } finally {
      child.kill("SIGKILL");
    }
  });
});

async function readCalls(): Promise<Record<string, number>> {
  const response = await fetch(new URL("/calls", url));
  return ((await response.json()) as { calls: Record<string, number> }).calls;
}

function post(message: unknown, headers: Record<string, string> = {}): Promise<number> {
  return postText(JSON.stringify(message), headers);
}

/** Posts with node:http, because fetch does not let a caller choose the Host. Returns the status. */
async function postText(body: string, headers: Record<string, string> = {}): Promise<number> {
  const accept = "application/json, text/event-stream";
  const req = request(url, { method: "POST", headers: { "content-type": "application/json", accept, ...headers } });
  req.end(body);
  const [response] = (await once(req, "response")) as [{ statusCode: number; resume(): void }];
  response.resume();
  return response.statusCode;
}
