import type { ServerResponse } from "node:http";
import { afterEach, expect, it } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { sendResult, textResult, type AnswerCall } from "../fixtures/fake-sidecar/data.ts";
import { makeTool, startFakeSidecar, type FakeSidecar } from "../fixtures/fake-sidecar/sidecar.ts";
import { connectLegacy, connectModern, modernRequest, openSession, postRaw, textOf } from "../fixtures/mcp-clients.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Stage {
  readonly legacy: FakeSidecar;
  readonly modern: FakeSidecar;
  readonly aggregator: RunningAggregator;
  readonly url: string;
}

async function setUp(): Promise<Stage> {
  const legacy = await startFakeSidecar("old", { tools: [makeTool("run")] });
  const modern = await startFakeSidecar("new", { era: "modern", tools: [makeTool("run")] });
  ends.push(
    () => legacy.close(),
    () => modern.close(),
  );
  const aggregator = await startAggregatorProgram({ old: legacy.entry(), new: modern.entry() });
  ends.push(() => aggregator.close());
  await aggregator.ready();
  return { legacy, modern, aggregator, url: `${aggregator.url}/mcp` };
}

interface Answer {
  readonly result?: Record<string, unknown>;
  readonly error?: { code: number; message: string; data?: unknown };
}

async function callModern(
  url: string,
  name: string,
  rest: Record<string, unknown> = {},
): Promise<Answer & { status: number }> {
  const { status, messages } = await postRaw(url, ...modernRequest("tools/call", { name, ...rest }));
  return { status, ...(messages.at(-1) as Answer) };
}

const both = ({ legacy, modern }: Stage): readonly [FakeSidecar, string][] => [
  [legacy, "old__run"],
  [modern, "new__run"],
];

function openStream(res: ServerResponse): (message: object | string) => void {
  res.writeHead(200, { "content-type": "text/event-stream" });
  return (message) => {
    res.write(typeof message === "string" ? message : `data: ${JSON.stringify(message)}\n\n`);
  };
}

it("relays results as they came: unknown members, unknown content, exact numbers, JSON or events, to both eras", async () => {
  const stage = await setUp();
  const result =
    '{"content":[{"type":"hologram","beam":{"x":1}}],"vendor":[12345678901234567890,1e400],"_meta":{"a/b":1}}';
  const asJson: AnswerCall = ({ id, res }) => {
    res
      .writeHead(200, { "content-type": "application/json" })
      .end(`{"jsonrpc":"2.0","id":${String(id)},"result":${result}}`);
  };
  const asEvent: AnswerCall = ({ id, res }) => {
    openStream(res)(
      `: hi\r\n\r\nid: 1\r\ndata: {"jsonrpc":"2.0","id":${String(id)},\r\ndata: "result":${result}}\r\n\r\n`,
    );
    res.end();
  };
  const session = await openSession(stage.url);
  for (const [server, name] of both(stage)) {
    for (const answer of [asJson, asEvent]) {
      server.data.answer(answer);
      const modern = await postRaw(stage.url, ...modernRequest("tools/call", { name }));
      expect(modern.text).toContain(result.slice(1, -1));
      expect(modern.messages[0]?.["result"]).toMatchObject({ resultType: "complete" });
      const body = JSON.stringify({ jsonrpc: "2.0", id: "s", method: "tools/call", params: { name } });
      const legacy = await postRaw(stage.url, body, session);
      expect(legacy.text).toContain(`"result":${result}`);
    }
  }
});

it("sends arguments as they came, and of _meta what is not the connection's", async () => {
  const stage = await setUp();
  for (const [server, name] of both(stage)) {
    let body = "";
    server.data.answer(({ id, res }) => {
      body = JSON.stringify(server.data.received.at(-1)?.message);
      sendResult(res, id, textResult("ok"));
    });
    const [text, headers] = modernRequest("tools/call", {
      name,
      arguments: { big: 0 },
      _meta: { traceparent: "00-1", "v/x": 1 },
    });
    const answer = await postRaw(stage.url, text.replace('"big":0', '"big":9007199254740993'), {
      ...headers,
      authorization: "Bearer of-the-caller",
      cookie: "a=b",
    });
    expect(answer.status).toBe(200);
    const { params, headers: sent } = server.data.received.at(-1)!;
    expect(params).toMatchObject({ name: "run", _meta: { traceparent: "00-1", "v/x": 1 } });
    expect(body).not.toContain("test-client");
    expect([sent["authorization"], sent["cookie"]]).toEqual([undefined, undefined]);
  }
});

it("passes a server's own errors unchanged", async () => {
  const stage = await setUp();
  const error = { code: -32_042, message: "open this first", data: { deep: [1] }, extra: true };
  for (const [server, name] of both(stage)) {
    server.data.answer(({ id, res }) => {
      res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, error }));
    });
    expect(await callModern(stage.url, name)).toMatchObject({ status: 200, error });
  }
});

it("says of a broken answer what is wrong with it, to that caller alone", async () => {
  const stage = await setUp();
  const good = makeSlowCall(stage);
  const cases: [string, AnswerCall, RegExp][] = [
    ["garbage", ({ res }) => res.writeHead(200, { "content-type": "application/json" }).end("<html>"), /not JSON/],
    ["no media type", ({ res }) => res.writeHead(200).end("{}"), /no media type/],
    ["another id", ({ res }) => sendResult(res, 999_999, textResult("x")), /without a response/],
    [
      "neither result nor error",
      ({ id, res }) =>
        res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id })),
      /neither/,
    ],
    ["status without a body", ({ res }) => res.writeHead(502).end(), /HTTP 502/],
    [
      "half an event",
      ({ id, res }) => {
        openStream(res)(`data: {"jsonrpc":"2.0","id":${String(id)},"res`);
        res.end();
      },
      /ended before/,
    ],
    [
      "garbage in an event",
      ({ res }) => {
        openStream(res)("data: {oops\n\n");
        res.end();
      },
      /not JSON/,
    ],
    [
      "a socket that drops",
      ({ res }) => {
        openStream(res)(": still here\n\n");
        setTimeout(() => res.destroy(), 20);
      },
      /broke/,
    ],
    ["a socket that drops before the head", ({ res }) => void res.socket?.destroy(), /broke/],
  ];
  for (const [server, name] of both(stage)) {
    for (const [what, answer, detail] of cases) {
      server.data.answer(answer);
      const { status, error } = await callModern(stage.url, name);
      expect([what, status, error?.code], `${name}: ${what}`).toEqual([what, 200, 10_503]);
      const isLost = what.startsWith("a socket that drops");
      const why = isLost ? { reason: "ReplicaLost", retryAfterMs: 1_000 } : { reason: "UpstreamBroken" };
      expect(error?.data).toEqual({ outrigger: { ...why, server: server.name, name } });
      expect(error?.message, `${name}: ${what}`).toMatch(detail);
    }
  }
  await good();
});

/** A call that is under way while others fail; the function that is returned says that it came through. */
function makeSlowCall({ modern, url }: Stage): () => Promise<void> {
  let finish: (() => void) | undefined;
  modern.data.answer(({ id, res }) => {
    finish = () => sendResult(res, id, textResult("patient"));
  });
  const called = callModern(url, "new__run");
  return async () => {
    await waitFor("the slow call to arrive", () => finish !== undefined);
    finish?.();
    expect(textOf((await called).result)).toBe("patient");
  };
}

it("bounds an answer of 100 MB, as JSON and as events, and goes on serving", async () => {
  const stage = await setUp();
  const chunk = Buffer.alloc(1024 * 1024, 120);
  for (const type of ["application/json", "text/event-stream"]) {
    stage.modern.data.answer(({ id, res }) => {
      res.writeHead(200, { "content-type": type });
      res.write(
        `${type === "text/event-stream" ? "data: " : ""}{"jsonrpc":"2.0","id":${String(id)},"result":{"text":"`,
      );
      let left = 100;
      const pump = (): void => {
        while (left > 0 && !res.destroyed) {
          left--;
          if (!res.write(chunk)) {
            res.once("drain", pump);
            return;
          }
        }
        res.end('"}}\n\n');
      };
      pump();
    });
    const { status, result } = await callModern(stage.url, "new__run");
    expect([status, result?.["isError"]]).toEqual([200, true]);
    expect(textOf(result)).toContain("At most 33554432 bytes are relayed");
    expect(result?.["_meta"]).toEqual({
      "outrigger.dev/error": { reason: "ResponseTooLarge", server: "new", name: "new__run" },
    });
  }
  const { result } = await callModern(stage.url, "old__run", { arguments: { text: "still here" } });
  expect(textOf(result)).toBe('{"text":"still here"}');
});

it("answers calls to a dead sidecar with 10503 in HTTP 200 when it waited in vain, while the others are served", async () => {
  const stage = await setUp();
  await stage.modern.close();
  const waiting = callModern(stage.url, "new__run");
  expect(textOf((await callModern(stage.url, "old__run")).result)).toBe("{}");
  const { status, error } = await waiting;
  expect([status, error?.code]).toEqual([200, 10_503]);
  expect(error?.data).toEqual({ outrigger: { reason: "UpstreamUnavailable", server: "new", name: "new__run" } });
  expect(textOf((await callModern(stage.url, "old__run")).result)).toBe("{}");
});

it("F-078 keeps one upstream session per client session, shares one among callers without, and opens a new one when it ended", async () => {
  const stage = await setUp();
  const a = await connectLegacy(stage.url);
  const b = await connectLegacy(stage.url);
  ends.push(
    () => a.close(),
    () => b.close(),
  );
  for (const client of [a, a, b]) await client.callTool({ name: "old__run" });
  for (let count = 0; count < 3; count++) await callModern(stage.url, "old__run");
  const opened = (): number => stage.legacy.data.received.filter(({ method }) => method === "initialize").length;
  expect(opened()).toBe(3);
  const used = stage.legacy.data.received.filter(({ method }) => method === "tools/call");
  expect(new Set(used.map(({ headers }) => headers["mcp-session-id"])).size).toBe(3);
  expect(used.every(({ headers }) => headers["mcp-protocol-version"] === "2025-11-25")).toBe(true);

  for (const status of [404, 400] as const) {
    stage.legacy.data.endSessions(status);
    expect(textOf(await a.callTool({ name: "old__run", arguments: { text: "again" } }))).toBe('{"text":"again"}');
  }
  expect(opened()).toBe(5);
});

it("tells a legacy server when its caller cancels, and closes the request of a modern one when the caller goes", async () => {
  const stage = await setUp();
  const client = await connectLegacy(stage.url);
  ends.push(() => client.close());
  let arrived = 0;
  let modernClosed = 0;
  for (const [server] of both(stage)) {
    server.data.answer(({ res }) => {
      arrived++;
      res.on("close", () => {
        if (server === stage.modern) modernClosed++;
      });
    });
  }
  const cancelling = new AbortController();
  const cancelled = client.callTool({ name: "old__run" }, undefined, { signal: cancelling.signal });
  await waitFor("the call to arrive", () => arrived === 1);
  const callId = stage.legacy.data.received.at(-1)?.message["id"];
  cancelling.abort();
  await expect(cancelled).rejects.toThrow();
  const notice = await waitFor("the notice", () =>
    stage.legacy.data.received.find(({ method }) => method === "notifications/cancelled"),
  );
  expect(notice.params).toMatchObject({ requestId: callId });

  const leaving = new AbortController();
  const [body, headers] = modernRequest("tools/call", { name: "new__run" });
  const left = fetch(stage.url, {
    method: "POST",
    body,
    headers: { ...headers, "content-type": "application/json", accept: "application/json, text/event-stream" },
    signal: leaving.signal,
  });
  await waitFor("the second call to arrive", () => arrived === 2);
  leaving.abort();
  await expect(left).rejects.toThrow();
  await waitFor("the modern request to be closed", () => modernClosed === 1);
  await waitFor("the count of calls under way", async () =>
    (await stage.aggregator.metrics()).includes("calls_in_flight 0"),
  );
});

it("answers what a legacy server asks on the way: alive to a ping, no to the rest", async () => {
  const stage = await setUp();
  stage.legacy.data.answer(({ id, res }) => {
    const send = openStream(res);
    send({ jsonrpc: "2.0", id: "p", method: "ping" });
    send({ jsonrpc: "2.0", id: "s", method: "sampling/createMessage", params: {} });
    const timer = setInterval(() => {
      const answers = stage.legacy.data.received.filter(
        ({ message }) => message["method"] === undefined && "id" in message,
      );
      if (answers.length < 2) return;
      clearInterval(timer);
      send({ jsonrpc: "2.0", id, result: textResult(JSON.stringify(answers.map(({ message }) => message))) });
      res.end();
    }, 10);
  });
  const answers = JSON.parse(textOf((await callModern(stage.url, "old__run")).result)) as Record<string, unknown>[];
  expect(answers).toEqual(
    expect.arrayContaining([
      { jsonrpc: "2.0", id: "p", result: {} },
      { jsonrpc: "2.0", id: "s", error: { code: -32_601, message: expect.any(String) as string } },
    ]),
  );
});

it("resumes a legacy stream that the server closes before its answer", async () => {
  const stage = await setUp();
  let id: unknown;
  stage.legacy.data.answer((call) => {
    id = call.id;
    openStream(call.res)("id: event-1\nretry: 20\ndata:\n\n");
    call.res.end();
  });
  const asked: unknown[] = [];
  stage.legacy.data.answerGet((req, res) => {
    asked.push(req.headers["last-event-id"], req.headers["mcp-session-id"]);
    openStream(res)({ jsonrpc: "2.0", id, result: textResult("resumed") });
    res.end();
  });
  expect(textOf((await callModern(stage.url, "old__run")).result)).toBe("resumed");
  expect(asked).toEqual(["event-1", [...stage.legacy.data.sessions][0]]);
});

it("repeats arguments in headers for a modern server where its schema asks for it", async () => {
  const stage = await setUp();
  const schema = { type: "object", properties: { region: { type: "string", "x-mcp-header": "Region" } } };
  stage.modern.control.list([{ name: "run", inputSchema: schema }]);
  await waitFor("the new schema", async () =>
    JSON.stringify(await stage.aggregator.get("/api/v1/tools")).includes("x-mcp-header"),
  );
  const session = await openSession(stage.url);
  const params = { name: "call_tool", arguments: { name: "new__run", arguments: { region: "Zürich" } } };
  const answer = await postRaw(stage.url, JSON.stringify({ jsonrpc: "2.0", id: 3, method: "tools/call", params }), {
    ...session,
    "mcp-param-region": "forged",
  });
  expect(answer.status).toBe(200);
  expect(stage.modern.data.received.at(-1)?.headers["mcp-param-region"]).toBe(
    `=?base64?${Buffer.from("Zürich").toString("base64")}?=`,
  );
});

it("lets callers of one server work at once, each with its own answer", async () => {
  const stage = await setUp();
  for (const [server] of both(stage)) {
    server.data.answer(({ id, arguments: values, res }) => {
      setTimeout(() => sendResult(res, id, textResult(String(values["text"]))), Math.random() * 30);
    });
  }
  const clients = await Promise.all([connectLegacy(stage.url), connectModern(stage.url)]);
  ends.push(...clients.map((client) => () => client.close()));
  const calls = Array.from({ length: 120 }, async (_none, at) => {
    const client = clients[at % 2]!;
    const name = at % 3 === 0 ? "old__run" : "new__run";
    const result = await client.callTool({ name, arguments: { text: `call ${at}` } });
    return textOf(result) === `call ${at}`;
  });
  expect((await Promise.all(calls)).every(Boolean)).toBe(true);
});
