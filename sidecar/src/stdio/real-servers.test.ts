import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ListRootsRequestSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFolder, packagedServer, until } from "./testing/fixture.ts";
import { createServe } from "./testing/serve.ts";
import { vias } from "./testing/shim.ts";

describe.each(vias)("over a %s:", (via) => {
  const serve = createServe(via);
  const everything = packagedServer("@modelcontextprotocol/server-everything/dist/index.js", "stdio");
  const info = { name: "test", version: "0" };

  async function connectLegacy(url: URL): Promise<LegacyClient> {
    const client = new LegacyClient(info, { capabilities: { sampling: {}, roots: { listChanged: true } } });
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: "file:///test", name: "test" }] }));
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      role: "assistant",
      model: "test",
      content: { type: "text", text: "a sampled word" },
    }));
    await client.connect(new LegacyTransport(url));
    return client;
  }

  async function connectModern(url: URL, mode: "legacy" | "auto" | { pin: string }): Promise<ModernClient> {
    const client = new ModernClient(info, { versionNegotiation: { mode } });
    await client.connect(new ModernTransport(url));
    return client;
  }

  const textOf = (result: unknown): string =>
    (result as { content: readonly { text?: string }[] }).content.map(({ text }) => text ?? "").join("\n");

  describe("SDK v1 clients on a real stdio server", () => {
    it("call, read, get prompts, hear progress and answer what the server asks", async () => {
      const { url } = await serve([], everything);
      const client = await connectLegacy(url);
      expect((await client.listTools()).tools.map(({ name }) => name)).toContain("echo");
      expect(textOf(await client.callTool({ name: "echo", arguments: { message: "hello" } }))).toContain("hello");
      expect((await client.listResources()).resources.length).toBeGreaterThan(0);
      expect((await client.listPrompts()).prompts.length).toBeGreaterThan(0);
      const progress: number[] = [];
      const long = { name: "trigger-long-running-operation", arguments: { duration: 0.4, steps: 4 } };
      await client.callTool(long, undefined, { onprogress: (step) => progress.push(step.progress) });
      expect(progress).toEqual([1, 2, 3, 4]);
      const sampled = await client.callTool({
        name: "trigger-sampling-request",
        arguments: { prompt: "say", maxTokens: 5 },
      });
      expect(textOf(sampled)).toContain("a sampled word");
      await client.close();
    });

    it("come many at once, each with a session and a process of its own", async () => {
      const { url, upstream } = await serve([], everything);
      const count = 10;
      const clients = await Promise.all(Array.from({ length: count }, () => connectLegacy(url)));
      const calls = clients.flatMap((client, index) =>
        Array.from({ length: 10 }, async (_, call) => {
          const message = `${index}/${call}`;
          return textOf(await client.callTool({ name: "echo", arguments: { message } })).includes(message);
        }),
      );
      expect((await Promise.all(calls)).every(Boolean)).toBe(true);
      expect(upstream.status()).toMatchObject({ state: "Running", children: count });
      await Promise.all(clients.map((client) => (client.transport as LegacyTransport).terminateSession()));
      await until("no child is left", () => upstream.status().children === 0);
    });

    it("hear of changes on the stream of their session only", async () => {
      const { url } = await serve();
      const [first, second] = [await connectLegacy(url), await connectLegacy(url)];
      const heard: string[] = [];
      first.setNotificationHandler(ToolListChangedNotificationSchema, () => void heard.push("first"));
      second.setNotificationHandler(ToolListChangedNotificationSchema, () => void heard.push("second"));
      await first.callTool({ name: "change", arguments: { name: "extra" } });
      await until("the first has heard", () => heard.length > 0);
      expect((await first.listTools()).tools.some(({ name }) => name === "extra")).toBe(true);
      expect((await second.listTools()).tools.some(({ name }) => name === "extra")).toBe(false);
      expect(heard).toEqual(["first"]);
      await Promise.all([first.close(), second.close()]);
    });
  });

  describe("SDK v2 clients", () => {
    it("find the legacy era of a real stdio server by themselves", async () => {
      const folder = makeFolder();
      writeFileSync(join(folder, "note.txt"), "found");
      const { url } = await serve([], packagedServer("@modelcontextprotocol/server-filesystem/dist/index.js", folder));
      const client = await connectModern(url, "auto");
      expect(client.getNegotiatedProtocolVersion()).toBe("2025-11-25");
      const read = await client.callTool({ name: "read_text_file", arguments: { path: join(folder, "note.txt") } });
      expect(textOf(read)).toContain("found");
      await client.close();
    });

    it("speak the modern era to a real stdio server of both eras, many through one process", async () => {
      const { url, upstream } = await serve([], packagedServer("@upstash/context7-mcp/dist/index.js"));
      const clients = await Promise.all(Array.from({ length: 5 }, () => connectModern(url, { pin: "2026-07-28" })));
      const lists = await Promise.all(clients.map((client) => client.listTools()));
      expect(lists.map(({ tools }) => tools.length)).toEqual([2, 2, 2, 2, 2]);
      expect(upstream.status()).toMatchObject({ state: "Running", children: 1 });
      await Promise.all(clients.map((client) => client.close()));
    });

    it("hear of changes by a subscription, and progress of their own call", async () => {
      const { url } = await serve();
      const client = await connectModern(url, { pin: "2026-07-28" });
      const heard: string[] = [];
      client.setNotificationHandler("notifications/tools/list_changed", ({ method }) => void heard.push(method));
      await client.listen({ toolsListChanged: true });
      await client.callTool({ name: "change", arguments: { name: "extra" } });
      await until("it has heard", () => heard.length > 0);
      const progress: number[] = [];
      const call = { name: "progress", arguments: { steps: 3, ms: 5 } };
      await client.callTool(call, { onprogress: (step) => void progress.push(step.progress) });
      expect(progress).toEqual([1, 2, 3]);
      await client.close();
    });
  });
});
