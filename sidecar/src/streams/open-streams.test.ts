/** Streams through a running sidecar: who is told that policy changed what is listed, and how streams end with the process. */
import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { startInProcess, type InProcess } from "../testing/in-process.ts";
import { createLegacyApp, type LegacyApp } from "../testing/legacy-app.ts";
import { poll } from "../testing/poll.ts";
import { readStream, type ReadStream } from "../testing/read-stream.ts";

const modern = "2026-07-28";

async function setUp(flags: readonly string[] = []): Promise<{ app: LegacyApp; sidecar: InProcess }> {
  const app = createLegacyApp();
  const sidecar = await startInProcess({ handler: app.handler, flags });
  // Before the first list nobody knows what could have changed.
  await poll(app.lists).toBeGreaterThan(0);
  await poll(sidecar.metrics).toContain('outrigger_sidecar_health{state="Ready"} 1');
  return { app, sidecar };
}

const toolCall = (name: string, id = 1): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: {} } });

function listen(port: number, id: string, notifications: object): ReadStream {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": modern,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id,
    method: "subscriptions/listen",
    params: { _meta: meta, notifications },
  });
  return readStream(port, {
    body,
    headers: { "mcp-protocol-version": modern, "mcp-method": "subscriptions/listen" },
  });
}

const countOf = (stream: ReadStream, kind: string): number => stream.text().split(`${kind}/list_changed`).length - 1;
const acknowledged = 'data: {"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{}}\n\n';

async function changePolicy({ policyFile }: InProcess, policy: object): Promise<void> {
  await writeFile(policyFile, JSON.stringify(policy));
}

describe("a policy that changes what is listed", () => {
  it("is told on open streams of legacy sessions, once to each session and only of the lists that look different", async () => {
    const { app, sidecar } = await setUp();
    const older = readStream(sidecar.port, { headers: { "mcp-session-id": "one" } });
    await poll(() => app.open.length).toBe(1);
    const newer = readStream(sidecar.port, { headers: { "mcp-session-id": "one" } });
    const other = readStream(sidecar.port);
    await poll(() => [older, newer, other].every((stream) => stream.status() === 200)).toBe(true);
    await changePolicy(sidecar, { tools: { deny: ["secret_*"] } });
    await poll(() => [countOf(newer, "tools"), countOf(other, "tools")]).toEqual([1, 1]);
    await changePolicy(sidecar, {
      tools: { deny: ["secret_*", "no_such_tool"] },
      resources: { deny: ["test://secret/*"] },
    });
    await poll(() => [countOf(newer, "resources"), countOf(other, "resources")]).toEqual([1, 1]);
    expect([countOf(newer, "tools"), countOf(newer, "prompts"), older.text()]).toEqual([1, 0, ""]);
    expect(newer.text()).toBe(
      'event: message\ndata: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n' +
        'event: message\ndata: {"jsonrpc":"2.0","method":"notifications/resources/list_changed"}\n\n',
    );
  });

  it("is told to subscriptions that asked for it, by their id, and not before the server has acknowledged them", async () => {
    const { app, sidecar } = await setUp();
    const tools = listen(sidecar.port, "a", { toolsListChanged: true });
    await poll(() => app.open.length).toBe(1);
    const prompts = listen(sidecar.port, "b", { promptsListChanged: true, toolsListChanged: false });
    await poll(() => app.open.length).toBe(2);
    app.open[1]?.response.write(acknowledged);
    await poll(() => prompts.text()).toContain("acknowledged");
    await changePolicy(sidecar, { tools: { deny: ["secret_*"] }, prompts: { deny: ["secret_*"] } });
    await poll(() => countOf(prompts, "prompts")).toBe(1);
    expect(prompts.text()).toContain(
      '"method":"notifications/prompts/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":"b"}}}',
    );
    expect([countOf(prompts, "tools"), tools.text()]).toEqual([0, ""]);
    app.open[0]?.response.write(acknowledged);
    await poll(() => countOf(tools, "tools")).toBe(1);
    expect(tools.text().indexOf("acknowledged")).toBeLessThan(tools.text().indexOf("list_changed"));
  });
});

describe("the end of the sidecar", () => {
  it("lets calls finish, then ends every stream with what belongs there, and cuts none", async () => {
    const { app, sidecar } = await setUp(["--drain-seconds", "20"]);
    const get = readStream(sidecar.port);
    await poll(() => app.open.length).toBe(1);
    const subscription = listen(sidecar.port, "s", { toolsListChanged: true });
    await poll(() => app.open.length).toBe(2);
    app.open[1]?.response.write(acknowledged);
    const call = readStream(sidecar.port, { body: toolCall("slow") });
    await poll(() => app.open.length).toBe(3);
    await poll(() => subscription.text()).toContain("acknowledged");

    const feed = await fetch(`http://127.0.0.1:${sidecar.controlPort}/v1/feed`);
    const told: string[] = [];
    void feed.body?.pipeTo(
      new WritableStream({ write: (chunk: Uint8Array) => void told.push(Buffer.from(chunk).toString()) }),
    );
    const seen: string[] = [];
    const stopped = sidecar.stop(async (step) => {
      if (step === "drain") expect((await fetch(`http://127.0.0.1:${sidecar.adminPort}/readyz`)).status).toBe(200);
      if (step === "calls") {
        await poll(call.ended).toBe("in order");
        seen.push(`streams ${String(get.ended())}, ${String(subscription.ended())}`);
      }
      if (step === "door") {
        await poll(() => [get.ended(), subscription.ended()]).toEqual(["in order", "in order"]);
        seen.push("then connections");
      }
      if (step === "upstream") seen.push("then the server");
    });
    const readyz = async (): Promise<number> => (await fetch(`http://127.0.0.1:${sidecar.adminPort}/readyz`)).status;
    await poll(readyz).toBe(503);
    await poll(() => told.join("")).toContain('"draining":true');
    expect([get.ended(), subscription.ended(), call.ended()]).toEqual([undefined, undefined, undefined]);
    const result = { jsonrpc: "2.0", id: 1, result: { content: [] } };
    app.open[2]?.response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(result));
    await stopped;
    expect(seen).toEqual(["streams undefined, undefined", "then connections", "then the server"]);
    expect(get.text()).toBe("retry: 1000\n: this stream ends in order; open it again\n\n");
    const id = '"io.modelcontextprotocol/subscriptionId":"s"';
    expect(
      subscription
        .text()
        .endsWith(`data: {"jsonrpc":"2.0","id":"s","result":{"resultType":"complete","_meta":{${id}}}}\n\n`),
    ).toBe(true);
  });

  it("tells calls that outlast their time so, as an answer or on their stream", async () => {
    const { app, sidecar } = await setUp();
    const plain = readStream(sidecar.port, { body: toolCall("slow") });
    const streamed = readStream(sidecar.port, { body: toolCall("streamed", 7) });
    await poll(() => app.open.length).toBe(2);
    await poll(() => streamed.status()).toBe(200);
    await sidecar.stop();
    await poll(() => [plain.ended(), plain.status(), streamed.ended()]).toEqual(["in order", 503, "in order"]);
    for (const { text } of [plain, streamed]) expect(text()).toContain('"reason":"UpstreamUnavailable"');
    expect(streamed.text()).toContain('"id":7');
  });

  it("opens no stream any more once it has ended them", async () => {
    const { sidecar } = await setUp();
    const first = readStream(sidecar.port);
    await poll(() => first.status()).toBe(200);
    const late = sidecar.stop(async (step) => {
      if (step !== "answers") return;
      // What comes after the streams were ended is not opened at all.
      const stream = readStream(sidecar.port);
      await poll(() => stream.status()).toBe(503);
    });
    await late;
    await poll(first.ended).toBe("in order");
  });
});
