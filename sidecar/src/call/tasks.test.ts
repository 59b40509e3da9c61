import { writeFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { describe, expect, it, vi } from "vitest";
import { startInProcess } from "../testing/in-process.ts";
import { callOf, post, serveAnswers, type Message } from "../testing/post.ts";
import { createTaskTable } from "./tasks.ts";

/** A server whose tools make tasks, named one after another, and which gives every task to everybody. */
function serveTasks() {
  let made = 0;
  return serveAnswers(({ method, params }) => {
    if (method === "tools/call") {
      const taskId = `task-${++made}`;
      if (params?.["task"] !== undefined) return { result: { task: { taskId, status: "working" } } };
      return params?.["_meta"] === undefined ? { result: { content: [] } } : { result: { resultType: "task", taskId } };
    }
    if (method === "tasks/list")
      return { result: { tasks: ["task-1", "task-2", "task-3"].map((taskId) => ({ taskId, status: "working" })) } };
    return { result: { ok: true } };
  });
}

const unknownTask = { code: -32602, message: "Failed to retrieve task: Task not found" };
const session = (id: string) => ({ "mcp-session-id": id });
const augmented = callOf("slow", { task: { ttl: 60_000 } });
const taskMethods = ["tasks/get", "tasks/result", "tasks/cancel"];

describe("tasks of 2025-11-25", () => {
  it.each(taskMethods)(
    "%s passes for the session whose call made the task, and is as of an absent one for others",
    async (method) => {
      const { handler, arrived } = serveTasks();
      const { url } = await startInProcess({ handler });
      const made = await post(url, augmented, session("a"));
      expect(made.message.result).toEqual({ task: { taskId: "task-1", status: "working" } });
      const ask = (taskId: string): Message => ({ method, params: { taskId } });
      expect((await post(url, ask("task-1"), session("a"))).message.result).toEqual({ ok: true });
      expect((await post(url, ask("task-1"), session("b"))).message.error).toEqual(unknownTask);
      expect((await post(url, ask("task-9"), session("a"))).message.error).toEqual(unknownTask);
      expect((await post(url, { method, params: {} }, session("a"))).message.error).toEqual(unknownTask);
      expect(arrived.map((message) => message.method)).toEqual(["tools/call", method]);
    },
  );

  it("a list of tasks holds the caller's own, in an answer as JSON or as an event", async () => {
    const { handler } = serveTasks();
    const { url } = await startInProcess({ handler });
    for (const id of ["a", "b", "a"]) await post(url, augmented, session(id));
    const listOf = async (id: string): Promise<unknown> =>
      (await post(url, { method: "tasks/list" }, session(id))).message.result?.["tasks"];
    expect(await listOf("a")).toMatchObject([{ taskId: "task-1" }, { taskId: "task-3" }]);
    expect(await listOf("b")).toMatchObject([{ taskId: "task-2" }]);
    expect(await listOf("c")).toEqual([]);
  });

  it("a tool that is denied by now takes its tasks with it", async () => {
    const { handler, arrived } = serveTasks();
    const { url, policyFile } = await startInProcess({ handler });
    await post(url, augmented, session("a"));
    await writeFile(policyFile, JSON.stringify({ tools: { deny: ["slow"] } }));
    const ask = { method: "tasks/result", params: { taskId: "task-1" } };
    await vi.waitFor(
      async () => expect((await post(url, ask, session("a"))).message.error).toEqual(unknownTask),
      5_000,
    );
    const before = arrived.length;
    expect((await post(url, { method: "tasks/list" }, session("a"))).message.result).toEqual({ tasks: [] });
    await post(url, ask, session("a"));
    expect(arrived).toHaveLength(before + 1);
  });

  it("learns a task from an event stream before its client reads it", async () => {
    const handler: RequestListener = (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => void chunks.push(chunk));
      request.on("end", () => {
        const isCall = Buffer.concat(chunks).includes("tools/call");
        response.writeHead(200, { "content-type": "text/event-stream" });
        const result = isCall ? { task: { taskId: "streamed", status: "working" } } : { ok: true };
        response.end(`: hi\n\ndata: ${JSON.stringify({ jsonrpc: "2.0", id: 1, result })}\n\n`);
      });
    };
    const { url } = await startInProcess({ handler });
    const read = async (message: Message): Promise<string> => {
      const headers = { "content-type": "application/json", ...session("s") };
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, ...message });
      return (await fetch(url, { method: "POST", headers, body })).text();
    };
    await read(augmented);
    expect(await read({ method: "tasks/get", params: { taskId: "streamed" } })).toContain('"ok":true');
  });

  it("an answer that looks like a task makes none where the call did not ask for one", async () => {
    const { handler } = serveAnswers(() => ({ result: { task: { taskId: "x" } } }));
    const { url } = await startInProcess({ handler });
    await post(url, callOf("slow"), session("a"));
    const asked = await post(url, { method: "tasks/get", params: { taskId: "x" } }, session("a"));
    expect(asked.message.error).toEqual(unknownTask);
  });
});

describe("tasks of the 2026-07-28 extension", () => {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } },
  };
  const modern = (method: string, name: string, params: object) =>
    [
      { method, params: { ...params, _meta: meta } },
      { "mcp-protocol-version": "2026-07-28", "mcp-method": method, ...(name === "" ? {} : { "mcp-name": name }) },
    ] as const;

  it("are known from the answer of an allowed call; update and listening need them too", async () => {
    const { handler, arrived } = serveTasks();
    const { url } = await startInProcess({ handler });
    const update = modern("tasks/update", "task-1", { taskId: "task-1" });
    const listen = modern("subscriptions/listen", "", { notifications: { taskIds: ["task-1"] } });
    expect((await post(url, ...update)).message.error).toEqual(unknownTask);
    expect((await post(url, ...listen)).message.error).toEqual(unknownTask);
    expect(arrived).toEqual([]);
    await post(url, ...modern("tools/call", "slow", { name: "slow", arguments: {} }));
    expect((await post(url, ...update)).message.result).toEqual({ ok: true });
    expect((await post(url, ...listen)).message.result).toEqual({ ok: true });
    const foreign = modern("subscriptions/listen", "", { notifications: { taskIds: ["task-1", "task-2"] } });
    expect((await post(url, ...foreign)).message.error).toEqual(unknownTask);
  });
});

describe("the table of tasks", () => {
  it("forgets an owner's oldest tasks beyond its share, and those of the largest owner beyond the whole", () => {
    const table = createTaskTable({ maxTasks: 4, maxPerOwner: 3 });
    for (const id of ["1", "2", "3", "4"]) table.learn("greedy", id, "t");
    expect(["1", "2", "3", "4"].map((id) => table.find("greedy", id))).toEqual([undefined, "t", "t", "t"]);
    table.learn("modest", "1", "t");
    table.learn("modest", "2", "t");
    expect(table.size()).toBe(4);
    expect(["1", "2"].map((id) => table.find("modest", id))).toEqual(["t", "t"]);
    expect(table.find("greedy", "2")).toBeUndefined();
  });

  it("stays within its bounds for any number of owners", () => {
    const table = createTaskTable({ maxTasks: 100, maxPerOwner: 10 });
    for (let at = 0; at < 5_000; at++) table.learn(`owner-${at % 700}`, `task-${at}`, "t");
    expect(table.size()).toBe(100);
    table.learn("owner", "x".repeat(2_000), "t");
    expect(table.size()).toBe(100);
  });
});
