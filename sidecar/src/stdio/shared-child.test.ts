import { describe, expect, it } from "vitest";
import { call, legacy, modern, openStream, post, textOf, withToken, type Message } from "./testing/client.ts";
import { until } from "./testing/fixture.ts";
import { createServe } from "./testing/serve.ts";
import { vias } from "./testing/shim.ts";

const subscriptionKey = "io.modelcontextprotocol/subscriptionId";

const listen = (id: string | number): Message =>
  modern(legacy(id, "subscriptions/listen", { notifications: { toolsListChanged: true } }));

function metaOf(message: Message | undefined): Readonly<Record<string, unknown>> {
  const params = message?.["params"] as { readonly _meta?: Readonly<Record<string, unknown>> } | undefined;
  return params?._meta ?? {};
}

describe.each(vias)("over a %s:", (via) => {
  const serve = createServe(via);
  describe("modern requests", () => {
    it("need no session and share one child per caller", async () => {
      const { url } = await serve();
      const asked = ["anna", "anna", "berta"].map((caller) =>
        post(url, modern(call(1, "pid")), { "x-caller": caller }),
      );
      const replies = await Promise.all(asked);
      const [first, second, third] = replies.map(textOf);
      expect(first).toBe(second);
      expect(first).not.toBe(third);
      expect(replies.map(({ session }) => session)).toEqual([null, null, null]);
    });

    it("get their own answers back although their ids are the same", async () => {
      const { url, records } = await serve();
      const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
      const replies = await Promise.all(texts.map((text) => post(url, modern(call("same", "echo", { text })))));
      expect(replies.map(textOf)).toEqual(texts);
      expect(replies.every(({ messages }) => messages[0]?.["id"] === "same")).toBe(true);
      const ids = records().flatMap(({ id }) => (id === undefined ? [] : [id]));
      expect(new Set(ids).size).toBe(20);
    });

    it("get their own progress although their tokens are the same", async () => {
      const { url } = await serve();
      const steps = [2, 3, 4];
      const replies = await Promise.all(
        steps.map((count) => post(url, modern(withToken(call(count, "progress", { steps: count, ms: 10 }), 0)))),
      );
      for (const [index, { messages }] of replies.entries()) {
        const notes = messages.filter(({ method }) => method === "notifications/progress");
        expect(notes).toHaveLength(steps[index] ?? -1);
        expect(notes.every((note) => (note["params"] as Message)["progressToken"] === 0)).toBe(true);
      }
    });

    it("keep large integers and spellings when their ids are replaced", async () => {
      const { url, records } = await serve();
      const meta =
        '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';
      await post(
        url,
        `{"params":{"x":12345678901234567890, ${meta}},"method":"tools/list","id":"a\\u0062","jsonrpc":"2.0"}`,
      );
      expect(records().at(-1)?.line).toContain('{"params":{"x":12345678901234567890, "_meta"');
    });

    it("are cancelled at the server when the client closes the stream", async () => {
      const { url, records } = await serve();
      const stream = await openStream(url, {}, modern(withToken(call("mine", "progress", { steps: 200, ms: 20 }), 1)));
      await until("the call is under way", () => stream.messages.length > 0);
      stream.close();
      await until("the server was told", () => records().some(({ method }) => method === "notifications/cancelled"));
      const asked = records().find(({ method }) => method === "tools/call");
      const told = records().find(({ method }) => method === "notifications/cancelled");
      expect(told?.params?.["requestId"]).toBe(asked?.id);
    });

    it("get the HTTP status that their error has", async () => {
      const { url } = await serve();
      expect(await post(url, modern(legacy("x", "no/such")))).toMatchObject({
        status: 404,
        messages: [{ id: "x", error: { code: -32601 } }],
      });
      expect((await post(url, modern(call(1, "unknown")))).status).toBe(200);
    });

    it("need no child for a notification", async () => {
      const { url, upstream, records } = await serve();
      const note = modern({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
      expect((await post(url, note)).status).toBe(202);
      expect(upstream.status().children).toBe(0);
      expect(records()).toEqual([]);
    });

    it("may not be asked back: a request of the server is refused at once", async () => {
      const { url, records } = await serve();
      const reply = post(url, modern(call(1, "ask")));
      await until("the server was refused", () => records().some(({ line }) => line?.includes('"error"') === true));
      expect((await reply).messages).toHaveLength(1);
    });
  });

  describe("a subscription", () => {
    it("carries the caller's id on every message, for each subscriber its own", async () => {
      const { url } = await serve();
      const [first, second] = [await openStream(url, {}, listen("mine")), await openStream(url, {}, listen(7))];
      await until("both are acknowledged", () => first.messages.length === 1 && second.messages.length === 1);
      expect(first.messages[0]).toMatchObject({ method: "notifications/subscriptions/acknowledged" });
      await post(url, modern(call(1, "change", { name: "extra" })));
      await until("both have heard", () => first.messages.length === 2 && second.messages.length === 2);
      expect(first.messages.map((message) => metaOf(message)[subscriptionKey])).toEqual(["mine", "mine"]);
      expect(second.messages.map((message) => metaOf(message)[subscriptionKey])).toEqual([7, 7]);
      first.close();
      second.close();
    });

    it.each(["cancellation", "result"])("ends with a result when the server ends it by a %s", async (form) => {
      const { url } = await serve();
      const stream = await openStream(url, {}, listen("mine"));
      await until("it is acknowledged", () => stream.messages.length === 1);
      await post(url, modern(call(1, "end_subscriptions", { form })));
      await until("it has ended", () => stream.hasEnded());
      expect(stream.messages.at(-1)).toEqual({
        jsonrpc: "2.0",
        id: "mine",
        result: { resultType: "complete", _meta: { [subscriptionKey]: "mine" } },
      });
    });

    it("is given up at the server when the client leaves", async () => {
      const { url, records } = await serve();
      const stream = await openStream(url, {}, listen(1));
      stream.close();
      await until("the server was told", () => records().some(({ method }) => method === "notifications/cancelled"));
    });
  });

  describe("log lines of the modern era", () => {
    it("go only to a request that asked for them", async () => {
      const { url } = await serve();
      const level = { "io.modelcontextprotocol/logLevel": "info" };
      const asked = await post(url, modern(call(1, "log", { text: "hello" }), level));
      expect(asked.messages.map(({ method, id }) => method ?? id)).toEqual(["notifications/message", 1]);
      expect((await post(url, modern(call(2, "log", { text: "hello" })))).messages).toHaveLength(1);
    });
  });

  describe("a server that does not speak the modern era", () => {
    it("answers discovery, and the child that was started for it ends", async () => {
      const { url, upstream, records } = await serve(["--era", "legacy"]);
      const reply = await post(url, modern(legacy("d", "server/discover")));
      expect(reply).toMatchObject({ status: 404, messages: [{ id: "d", error: { code: -32601 } }] });
      await until("no child is left", () => upstream.status().children === 0);
      await until("its input was closed", () => records().some(({ event }) => event === "input closed"));
    });

    it("that exits at discovery still opens legacy sessions at once", async () => {
      const { url, door } = await serve(["--exit-on-modern"], { restart: { minMs: 60_000, maxMs: 60_000 } });
      expect((await post(url, modern(legacy(1, "server/discover")))).status).toBe(503);
      expect(door.failures).toMatchObject([{ reason: "UpstreamBroken", sent: true }]);
      const params = { protocolVersion: "2025-11-25" };
      expect((await post(url, legacy(1, "initialize", params))).session).not.toBeNull();
      expect((await post(url, modern(legacy(1, "server/discover")))).status).toBe(503);
      expect(door.failures.at(-1)).toMatchObject({ reason: "UpstreamStarting", sent: false });
    });
  });
});
