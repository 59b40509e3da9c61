import { describe, expect, it } from "vitest";
import { call, legacy, openSession, openStream, post, textOf, withToken } from "./testing/client.ts";
import { until } from "./testing/fixture.ts";
import { createServe } from "./testing/serve.ts";
import { vias } from "./testing/shim.ts";

describe.each(vias)("over a %s:", (via) => {
  const serve = createServe(via);

  describe("a legacy session", () => {
    it("is opened by initialize with a child of its own and an id in the answer's header", async () => {
      const { url, records } = await serve();
      const [first, second] = await Promise.all([openSession(url), openSession(url)]);
      expect(first["mcp-session-id"]).toMatch(/^[!-~]{16,}$/);
      expect(first["mcp-session-id"]).not.toBe(second["mcp-session-id"]);
      const pids = await Promise.all(
        [first, second, first].map(async (session, id) => textOf(await post(url, call(id, "pid"), session))),
      );
      expect(pids[0]).toBe(pids[2]);
      expect(pids[0]).not.toBe(pids[1]);
      expect(records().filter(({ event }) => event === "start")).toHaveLength(2);
    });

    it("answers as JSON with a length when the response comes first", async () => {
      const { url } = await serve();
      const session = await openSession(url);
      const reply = await post(url, call("a", "echo", { text: "grüße" }), session);
      expect(reply).toMatchObject({ status: 200, type: "application/json", messages: [{ id: "a" }] });
      expect(textOf(reply)).toBe("grüße");
    });

    it("passes messages unread: unknown members and large integers stay as they are", async () => {
      const { url, records } = await serve();
      const session = await openSession(url);
      const sent = '{"jsonrpc":"2.0", "id":1,"method":"tools/list","params":{"x":12345678901234567890}}';
      await post(url, sent, session);
      expect(records().at(-1)?.line).toBe(sent);
      const reply = await post(url, legacy(2, "tools/list"), session);
      expect(JSON.stringify(reply.messages)).toContain('"x-kept":{"b":1,"a":2}');
    });

    it("answers as an event stream when progress comes first, each message before the response", async () => {
      const { url } = await serve();
      const session = await openSession(url);
      const reply = await post(url, withToken(call(5, "progress", { steps: 3 }), "mine"), session);
      expect(reply.type).toBe("text/event-stream");
      expect(reply.messages.map(({ method, id }) => method ?? id)).toEqual([
        ...Array.from({ length: 3 }, () => "notifications/progress"),
        5,
      ]);
      expect(reply.messages[0]).toMatchObject({ params: { progressToken: "mine", progress: 1 } });
    });

    it("answers as JSON without progress to who takes no event stream, and as events to who takes no JSON", async () => {
      const { url } = await serve();
      const session = await openSession(url);
      const json = await post(url, withToken(call(1, "progress"), 1), { ...session, accept: "application/json" });
      expect(json).toMatchObject({ type: "application/json", messages: [{ id: 1 }] });
      const events = await post(url, call(2, "echo"), { ...session, accept: "text/event-stream" });
      expect(events).toMatchObject({ type: "text/event-stream", messages: [{ id: 2 }] });
      expect(await post(url, call(3, "echo"), { ...session, accept: "text/html" })).toMatchObject({
        status: 406,
        messages: [{ id: 3 }],
      });
    });

    it("acknowledges notifications and responses with 202 and no body", async () => {
      const { url, records } = await serve();
      const session = await openSession(url);
      for (const message of [
        { jsonrpc: "2.0", method: "notifications/x" },
        { jsonrpc: "2.0", id: "q", result: {} },
      ]) {
        expect(await post(url, message, session)).toMatchObject({ status: 202, messages: [] });
      }
      await until("the server heard both", () => records().filter(({ event }) => event === "message").length === 4);
    });

    it("refuses a missing id with 400, an unknown one and another caller's with 404, and a second handshake with 400", async () => {
      const { url } = await serve();
      const session = await openSession(url, { "x-caller": "anna" });
      const list = legacy(9, "tools/list");
      expect(await post(url, list)).toMatchObject({ status: 400, messages: [{ id: 9, error: { code: -32600 } }] });
      expect(await post(url, list, { "mcp-session-id": "nobody" })).toMatchObject({
        status: 404,
        messages: [{ id: 9 }],
      });
      expect(await post(url, list, { ...session, "x-caller": "berta" })).toMatchObject({ status: 404 });
      expect(await post(url, legacy(9, "initialize"), session)).toMatchObject({ status: 400 });
      expect(await post(url, list, session)).toMatchObject({ status: 200 });
      expect((await openStream(url, {})).status).toBe(400);
      expect((await openStream(url, { "mcp-session-id": "nobody" })).status).toBe(404);
    });

    it("ends with its child by DELETE, and only by its own caller's", async () => {
      const { url, records } = await serve();
      const session = await openSession(url);
      const deleteBy = async (headers: Readonly<Record<string, string>>): Promise<number> =>
        (await fetch(url, { method: "DELETE", headers })).status;
      expect(await deleteBy({ ...session, "x-caller": "somebody else" })).toBe(404);
      expect(await deleteBy(session)).toBe(200);
      expect(await post(url, legacy(1, "ping"), session)).toMatchObject({ status: 404 });
      await until("the child saw the end of its input", () => records().some(({ event }) => event === "input closed"));
    });

    it("ends with its child when it was idle, but not while a stream is open", async () => {
      const { url, upstream } = await serve([], { sessionIdleMs: 150 });
      const [idle, listening] = [await openSession(url), await openSession(url)];
      const stream = await openStream(url, listening);
      await until("one child has ended", () => upstream.status().children === 1);
      expect((await post(url, legacy(1, "ping"), idle)).status).toBe(404);
      expect((await post(url, legacy(1, "ping"), listening)).status).toBe(200);
      stream.close();
      await until("the other one has ended too", () => upstream.status().children === 0);
    });

    it("refuses a second request with an id that is under way", async () => {
      const { url } = await serve();
      const session = await openSession(url);
      const slow = post(url, call("same", "slow", { ms: 300 }), session);
      await until(
        "the first is refused a twin",
        async () => (await post(url, call("same", "echo"), session)).status === 400,
      );
      expect(textOf(await slow)).toBe("done");
    });

    it("gives no session where the server refuses the handshake", async () => {
      const { url, upstream } = await serve(["--refuse-initialize"]);
      const reply = await post(url, legacy(1, "initialize", { protocolVersion: "2025-11-25" }));
      expect(reply).toMatchObject({
        status: 200,
        session: null,
        messages: [{ error: { message: "no handshake here" } }],
      });
      await until("no child is left", () => upstream.status().children === 0);
    });

    it("ends a child whose client left during the handshake", async () => {
      const { url, upstream } = await serve(["--slow-ms", "200"]);
      const leaving = new AbortController();
      const body = JSON.stringify(legacy(1, "initialize", { protocolVersion: "2025-11-25" }));
      const request = fetch(url, { method: "POST", body, signal: leaving.signal, headers: { accept: "*/*" } });
      await until("a child runs", () => upstream.status().children === 1);
      leaving.abort();
      await expect(request).rejects.toThrow();
      await until("no child is left", () => upstream.status().children === 0);
    });

    it("goes on when a client leaves a call, and drops the answer", async () => {
      const { url, records } = await serve();
      const session = await openSession(url);
      const stream = await openStream(url, session, withToken(call("left", "progress", { steps: 20, ms: 10 }), "t"));
      stream.close();
      expect(textOf(await post(url, call("after", "slow", { ms: 300 }), session))).toBe("done");
      expect(records().some(({ method }) => method === "notifications/cancelled")).toBe(false);
      const again = call("left", "echo", { text: "again" });
      await until("its id is free again", async () => (await post(url, again, session)).status === 200);
    });
  });

  describe("messages that a server sends unasked", () => {
    it("go to the session's stream when it is open, also those that came before", async () => {
      const { url } = await serve();
      const session = await openSession(url);
      await post(url, call(1, "change", { name: "new_tool" }), { ...session, accept: "application/json" });
      const stream = await openStream(url, session);
      expect(stream.status).toBe(200);
      await until("the kept message has come", () => stream.messages.length === 1);
      expect(stream.messages[0]).toMatchObject({ method: "notifications/tools/list_changed" });
      expect((await post(url, call(2, "log", { text: "hello" }), session)).type).toBe("application/json");
      await until("the log line has come", () => stream.messages.length === 2);
      stream.close();
    });

    it("go to the newest open answer when no stream is open", async () => {
      const { url } = await serve();
      const session = await openSession(url);
      const reply = await post(url, call(1, "log", { text: "hello" }), session);
      expect(reply.messages.map(({ method, id }) => method ?? id)).toEqual(["notifications/message", 1]);
    });

    it("lets a second stream wait with 409 until the first has gone", async () => {
      const { url } = await serve();
      const session = await openSession(url);
      const first = await openStream(url, session);
      expect((await openStream(url, session)).status).toBe(409);
      first.close();
      await until("the place is free", async () => {
        const next = await openStream(url, session);
        next.close();
        return next.status === 200;
      });
    });

    it("carries a request of the server to the client and its response back", async () => {
      const { url } = await serve();
      const session = await openSession(url);
      const asking = await openStream(url, session, call(1, "ask"));
      await until("the server has asked", () => asking.messages.length === 1);
      expect(asking.messages[0]).toMatchObject({ method: "sampling/createMessage" });
      expect(
        (await post(url, { jsonrpc: "2.0", id: asking.messages[0]?.["id"], result: { word: "yes" } }, session)).status,
      ).toBe(202);
      await until("the call has been answered", () => asking.hasEnded());
      expect(JSON.stringify(asking.messages[1])).toContain("yes");
    });

    it("ends the session's stream when the child ends", async () => {
      const { url } = await serve();
      const session = await openSession(url);
      const stream = await openStream(url, session);
      await fetch(url, { method: "DELETE", headers: session });
      await until("the stream has ended", () => stream.hasEnded());
    });
  });

  describe("a batch", () => {
    it("is split for the server and answered as one array", async () => {
      const { url, records } = await serve();
      const session = await openSession(url);
      const reply = await post(
        url,
        [call(1, "slow", { ms: 50 }), { jsonrpc: "2.0", method: "notifications/x" }, call(2, "echo")],
        session,
      );
      expect(reply.type).toBe("application/json");
      expect(reply.messages.map(({ id }) => id).toSorted()).toEqual([1, 2]);
      expect(records().filter(({ event }) => event === "message")).toHaveLength(5);
    });

    it("is answered as events when progress comes first", async () => {
      const { url } = await serve();
      const session = await openSession(url);
      const reply = await post(url, [call(1, "echo"), withToken(call(2, "progress"), 2)], session);
      expect(reply.type).toBe("text/event-stream");
      expect(
        reply.messages
          .filter(({ id }) => id !== undefined)
          .map(({ id }) => id)
          .toSorted(),
      ).toEqual([1, 2]);
    });

    it("of notifications only is acknowledged", async () => {
      const { url } = await serve();
      const session = await openSession(url);
      expect((await post(url, [{ jsonrpc: "2.0", method: "notifications/x" }], session)).status).toBe(202);
    });
  });
});
