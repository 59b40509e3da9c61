/** Tasks of the modern era through the aggregator and a real sidecar: made by a call, asked about, fed, cancelled; by their callers alone. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { startFakeSidecar, makeTool, type FakeSidecar } from "../fixtures/fake-sidecar/sidecar.ts";
import { sendResult } from "../fixtures/fake-sidecar/data.ts";
import { connectLegacy, modernRequest, postRaw, textOf, type RawAnswer } from "../fixtures/mcp-clients.ts";
import { createPrograms } from "../fixtures/programs.ts";
import { startRealSidecar } from "../fixtures/real-sidecar.ts";

const extension = "io.modelcontextprotocol/tasks";
const programs = createPrograms();
const seen: { readonly method: string; readonly params: Readonly<Record<string, unknown>>; readonly name: unknown }[] =
  [];
let server: Server;
let other: FakeSidecar;
let aggregator: RunningAggregator;

/** A modern server whose tool runs as a task where its caller knows tasks. */
function startTaskServer(): Promise<string> {
  const answers: Readonly<Record<string, (params: Readonly<Record<string, unknown>>) => object>> = {
    "server/discover": () => ({
      ...{ supportedVersions: ["2026-07-28"], ttlMs: 0, cacheScope: "public" },
      capabilities: { tools: {}, extensions: { [extension]: {} } },
    }),
    "tools/list": () => ({ tools: [makeTool("run")], ttlMs: 0, cacheScope: "public" }),
    "tools/call": ({ _meta: meta }) =>
      JSON.stringify(meta).includes(extension)
        ? {
            resultType: "task",
            taskId: "own-1",
            status: "working",
            ttlMs: 60_000,
            pollIntervalMs: 10,
            vendor: { x: 1 },
          }
        : { resultType: "complete", content: [{ type: "text", text: "at once" }] },
    "tasks/get": ({ taskId }) => ({
      ...{ resultType: "complete", taskId, status: "completed", ttlMs: 60_000, vendor: [1] },
      result: { content: [{ type: "text", text: "done" }] },
    }),
    "tasks/update": () => ({ resultType: "complete" }),
    "tasks/cancel": () => ({ resultType: "complete" }),
  };
  server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      // What the sidecar sends: one request each.
      const message = JSON.parse(Buffer.concat(chunks).toString("utf8") || "{}") as {
        id?: unknown;
        method?: string;
        params?: Readonly<Record<string, unknown>>;
      };
      const { id, method = "", params = {} } = message;
      seen.push({ method, params, name: req.headers["mcp-name"] });
      const result = answers[method]?.(params);
      if (result === undefined) res.writeHead(404).end();
      else sendResult(res, id, result);
    });
  });
  server.listen(0, "127.0.0.1");
  return new Promise((resolve) => {
    server.once("listening", () => {
      // A server that listens on TCP has this form of address.
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
    });
  });
}

beforeAll(async () => {
  const sidecar = await startRealSidecar(programs, "tasks", ["--upstream", await startTaskServer()]);
  other = await startFakeSidecar("other", { era: "modern", tools: [makeTool("run")] });
  aggregator = await startAggregatorProgram({ tasks: sidecar.entry(), other: other.entry() }, ["--mode", "direct"]);
  await aggregator.ready();
});

afterAll(async () => {
  await aggregator.close();
  await other.close();
  server.close();
  await programs.endAll();
});

interface Answer {
  readonly status: number;
  readonly result: Readonly<Record<string, unknown>>;
  readonly error: { readonly code: number };
}

async function ask(
  method: string,
  params: Record<string, unknown>,
  extensions: object = { [extension]: {} },
): Promise<Answer> {
  const [body, headers] = modernRequest(method, params);
  const declared = body.replace('clientCapabilities":{}', `clientCapabilities":${JSON.stringify({ extensions })}`);
  const { taskId } = params;
  const named = typeof taskId === "string" ? { ...headers, "mcp-name": taskId } : headers;
  const { status, messages }: RawAnswer = await postRaw(`${aggregator.url}/mcp`, declared, named);
  return { status, ...(messages.at(-1) as Omit<Answer, "status">) };
}

describe("F-075 a task of a modern server", () => {
  it("is known to its caller by another id, by which it is asked about, fed and cancelled", async () => {
    const discovered = await ask("server/discover", {});
    expect(discovered.result["capabilities"]).toMatchObject({ extensions: { [extension]: {} } });
    const { result: made } = await ask("tools/call", { name: "tasks__run", arguments: { text: "x" } });
    expect(made).toMatchObject({ resultType: "task", status: "working", pollIntervalMs: 10, vendor: { x: 1 } });
    const { taskId } = made;
    expect(taskId).not.toContain("own-1");
    const got = await ask("tasks/get", { taskId });
    expect(got.result).toMatchObject({ taskId, status: "completed", vendor: [1] });
    expect(textOf(got.result["result"])).toBe("done");
    const inputResponses = { q: { action: "accept" } };
    expect((await ask("tasks/update", { taskId, inputResponses })).result).toMatchObject({ resultType: "complete" });
    expect((await ask("tasks/cancel", { taskId })).result).toMatchObject({ resultType: "complete" });
    expect(seen.slice(-3)).toMatchObject([
      { method: "tasks/get", name: "own-1", params: { taskId: "own-1" } },
      { method: "tasks/update", name: "own-1", params: { taskId: "own-1", inputResponses } },
      { method: "tasks/cancel", name: "own-1", params: { taskId: "own-1" } },
    ]);
  });

  it("is unknown by its own id, a changed one, and at an endpoint without its tool", async () => {
    const { result } = await ask("tools/call", { name: "tasks__run" });
    const taskId = String(result["taskId"]);
    const before = seen.length;
    for (const each of ["own-1", taskId.slice(0, -4), `${taskId}AAAA`, ""]) {
      expect([each, (await ask("tasks/get", { taskId: each })).error.code]).toEqual([each, -32_602]);
    }
    const [body, headers] = modernRequest("tasks/cancel", { taskId });
    const elsewhere = await postRaw(`${aggregator.url}/mcp/s/local/other`, body, { ...headers, "mcp-name": taskId });
    expect(elsewhere.messages.at(-1)?.["error"]).toMatchObject({ code: -32_602 });
    expect(seen).toHaveLength(before);
  });

  it("is not made for a caller that knows no tasks, of either era", async () => {
    expect(textOf((await ask("tools/call", { name: "tasks__run" }, {})).result)).toBe("at once");
    const client = await connectLegacy(`${aggregator.url}/mcp`);
    expect(textOf(await client.callTool({ name: "tasks__run" }))).toBe("at once");
    await client.close();
  });

  it("is refused where a server makes one for a caller that has not declared them", async () => {
    other.data.answer(({ id, res }) => sendResult(res, id, { resultType: "task", taskId: "t", status: "working" }));
    expect((await ask("tools/call", { name: "other__run" }, {})).error.code).toBe(10_503);
  });
});
