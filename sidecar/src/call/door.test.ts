import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { createLimitState } from "@outrigger/policy";
import { afterEach, describe, expect, it } from "vitest";
import { createPolicyHolder } from "../bundle/policy-in-force.ts";
import type { AuditStream } from "@outrigger/runtime/audit";
import { createCallTelemetry } from "../telemetry/call-telemetry.ts";
import { createHttpUpstream } from "../upstream/http.ts";
import { createByteBudget, type ByteBudget } from "./budget.ts";
import { createDeadlines } from "./deadlines.ts";
import { createDoor } from "./receive.ts";
import { createRecorder } from "./record.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  readonly broken: boolean;
}

async function listen(handler: RequestListener): Promise<Server> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(resolve);
      }),
  );
  return server;
}

const portOf = (server: Server): number => {
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
};

interface DoorSetup {
  readonly policy?: unknown;
  readonly callTimeoutMs?: number;
  readonly budgetBytes?: number;
  readonly budget?: ByteBudget;
}

/** A real door before a real HTTP server; returns how to talk to it and what it recorded. */
async function openDoor(handler: RequestListener, setup: DoorSetup = {}) {
  const server = await listen(handler);
  const origin = `http://127.0.0.1:${portOf(server)}`;
  const lines: Record<string, unknown>[] = [];
  const stream: AuditStream = {
    append: (members) => void lines.push({ ...members }),
    status: () => ({ head: { seq: 0, hash: "" }, lines: lines.length, lost: 0, failure: undefined }),
    close: () => Promise.resolve(),
  };
  const holder = createPolicyHolder({ base: "file", floor: [], wallNow: Date.now });
  await holder.apply(new Map([["file", JSON.stringify(setup.policy ?? {})]]));
  const upstream = createHttpUpstream(origin, { maxCalls: 64, maxStreams: 64 });
  const deadlines = createDeadlines(() => performance.now(), 10);
  const recorder = createRecorder({ isKnownTool: () => true });
  const app = createDoor(
    {
      server: "test",
      upstream,
      forward: { host: `127.0.0.1:${portOf(server)}`, extra: [] },
      policy: holder.current,
      limits: createLimitState(),
      deadlines,
      callTimeoutMs: setup.callTimeoutMs ?? 5_000,
      budget: setup.budget ?? createByteBudget(setup.budgetBytes ?? 32 * 1024 ** 2),
      recorder,
      telemetry: createCallTelemetry({ audit: { stream, mode: "all" }, idPrefix: "test", wallNow: Date.now }),
      now: () => performance.now(),
      onOutcome: () => undefined,
    },
    {
      path: "/mcp",
      upstreamPath: "/mcp",
      addresses: { hosts: new Set() },
      isLeaving: () => false,
    },
  );
  await app.listen({ host: "127.0.0.1", port: 0 });
  closers.push(async () => {
    await app.close();
    deadlines.close();
    await upstream.close();
  });
  const address = app.server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return { port, lines, recorder, holder };
}

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

function send(port: number, sent: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        host: "127.0.0.1",
        port,
        method: sent.method ?? "POST",
        path: sent.path ?? "/mcp",
        headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...sent.headers },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        const finish = (broken: boolean): void =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            text: Buffer.concat(chunks).toString("utf8"),
            broken,
          });
        incoming.on("data", (chunk: Buffer) => void chunks.push(chunk));
        incoming.on("end", () => finish(false));
        incoming.on("error", () => finish(true));
      },
    );
    outgoing.on("error", reject);
    outgoing.end(sent.body);
  });
}

const call = (name: string, id: string | number = 1): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: { secret: "s3cret" } } });

const readAll = (request: IncomingMessage): Promise<Buffer> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => void chunks.push(chunk));
    request.on("end", () => resolve(Buffer.concat(chunks)));
  });

const answerOk: RequestListener = (_request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(ok));
};

const json =
  (value: unknown): RequestListener =>
  (request, response) => {
    void readAll(request).then(() => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
    });
  };

const ok = { jsonrpc: "2.0", id: 1, result: { content: [{ type: "text", text: "done" }] } };

describe("transparency", () => {
  it("passes body, path, session and own headers unchanged, and answers with the server's bytes and headers", async () => {
    const seen: { url?: string | undefined; headers?: IncomingMessage["headers"]; body?: string }[] = [];
    const { port } = await openDoor((request, response) => {
      void readAll(request).then((body) => {
        seen.push({ url: request.url, headers: request.headers, body: body.toString() });
        response.writeHead(200, { "content-type": "application/json", "mcp-session-id": "s1", "x-app": "yes" });
        response.end('{"jsonrpc":"2.0", "id":1,"result":{"big":12345678901234567890}}');
      });
    });
    const body = '{"jsonrpc":"2.0","id":1, "method":"tools/call","params":{"name":"t","arguments":{"n":1e400}}}';
    const answer = await send(port, {
      body,
      path: "/mcp?x=1",
      headers: { "mcp-session-id": "s1", authorization: "Bearer t", "x-own": "1" },
    });
    expect(answer.text).toBe('{"jsonrpc":"2.0", "id":1,"result":{"big":12345678901234567890}}');
    expect(answer.headers).toMatchObject({ "mcp-session-id": "s1", "x-app": "yes" });
    expect(seen[0]?.body).toBe(body);
    expect(seen[0]?.url).toBe("/mcp?x=1");
    expect(seen[0]?.headers).toMatchObject({ "mcp-session-id": "s1", authorization: "Bearer t", "x-own": "1" });
  });

  it("drops headers of the connection, of Outrigger and Origin, and names the server as Host", async () => {
    const seen: IncomingMessage["headers"][] = [];
    const { port } = await openDoor((request, response) => {
      seen.push(request.headers);
      json(ok)(request, response);
    });
    await send(port, {
      body: call("t"),
      headers: {
        origin: "http://localhost:3000",
        "outrigger-caller": "forged",
        connection: "keep-alive, x-hop",
        "x-hop": "1",
        te: "trailers",
      },
    });
    expect(Object.keys(seen[0] ?? {})).not.toEqual(expect.arrayContaining(["origin"]));
    for (const name of ["origin", "outrigger-caller", "x-hop", "te"]) expect(seen[0]).not.toHaveProperty(name);
    expect(seen[0]?.host).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  it("streams events as they come, keeping ids, retry hints and comments", async () => {
    const text =
      ': hi\n\nid: 7\nretry: 100\ndata: {"jsonrpc":"2.0","method":"notifications/progress"}\n\nid: 8\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n';
    const { port } = await openDoor((request, response) => {
      void readAll(request).then(() => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.end(text);
      });
    });
    const answer = await send(port, { body: call("t") });
    expect(answer.headers["content-type"]).toBe("text/event-stream");
    expect(answer.text).toBe(text);
  });

  it.each(["GET", "DELETE"])("refuses a %s with a body, which nobody would decide on", async (method) => {
    const seen: string[] = [];
    const { port } = await openDoor((request, response) => {
      seen.push(request.method ?? "");
      response.writeHead(200).end();
    });
    const body = call("anything");
    const length = { "content-length": String(body.length) };
    expect((await send(port, { method, body, headers: length })).status).toBe(400);
    expect((await send(port, { method, body, headers: { "transfer-encoding": "chunked" } })).status).toBe(400);
    expect((await send(port, { method, headers: { "content-length": "0" } })).status).toBe(200);
    expect(seen).toEqual([method]);
  });

  it("passes notifications, posted responses, GET and DELETE to the server", async () => {
    const seen: string[] = [];
    const { port } = await openDoor((request, response) => {
      void readAll(request).then((body) => {
        seen.push(`${request.method ?? ""} ${body.toString()}`);
        response.writeHead(request.method === "GET" ? 405 : 202).end();
      });
    });
    const notification = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
    const response = '{"jsonrpc":"2.0","id":5,"result":{"roots":[]}}';
    expect((await send(port, { body: notification })).status).toBe(202);
    expect((await send(port, { body: response })).status).toBe(202);
    expect((await send(port, { method: "DELETE" })).status).toBe(202);
    expect((await send(port, { method: "GET" })).status).toBe(405);
    expect(seen).toEqual([`POST ${notification}`, `POST ${response}`, "DELETE ", "GET "]);
  });
});

describe("enforcement", () => {
  const counting = () => {
    const counts = { arrived: 0 };
    const handler: RequestListener = (request, response) => {
      counts.arrived++;
      json(ok)(request, response);
    };
    return { counts, handler };
  };

  it("F-048 a denied call gets the answer of an unknown tool and never reaches the server", async () => {
    const { counts, handler } = counting();
    const { port, lines } = await openDoor(handler, {
      policy: { tools: { allow: ["read_*"], deny: ["read_secret"] } },
    });
    for (const name of ["write", "read_secret", ""]) {
      const answer = await send(port, { body: call(name, "a") });
      expect(JSON.parse(answer.text)).toEqual({
        jsonrpc: "2.0",
        id: "a",
        error: { code: -32602, message: `Unknown tool: ${name}` },
      });
    }
    expect(counts.arrived).toBe(0);
    expect((await send(port, { body: call("read_file") })).text).toBe(JSON.stringify(ok));
    expect(counts.arrived).toBe(1);
    expect(lines.map((line) => line["reason"])).toEqual(["ToolDenied", "ToolDenied", "ToolDenied", "Allowed"]);
    expect(JSON.stringify(lines)).not.toContain("s3cret");
  });

  it("F-049 a call over its rate is answered with the wait, as a result that the model reads, and never reaches the server", async () => {
    const { counts, handler } = counting();
    const limits = [{ name: "slow", rate: "2/m" }];
    const { port } = await openDoor(handler, { policy: { limits } });
    await send(port, { body: call("t") });
    await send(port, { body: call("t") });
    const answer = await send(port, { body: call("t", 9) });
    expect(JSON.parse(answer.text)).toMatchObject({
      id: 9,
      result: {
        isError: true,
        content: [{ type: "text", text: '"t" is over its rate limit ("slow"). Wait 30 seconds and try again.' }],
        _meta: { "outrigger.dev/error": { reason: "RateLimited", server: "test", name: "t" } },
      },
    });
    expect(counts.arrived).toBe(2);
  });

  it("counts calls under way and frees the place when one ends", async () => {
    const waiting: (() => void)[] = [];
    const { port } = await openDoor(
      (request, response) => {
        void readAll(request).then(() => {
          waiting.push(() => {
            response.writeHead(200, { "content-type": "application/json" });
            response.end(JSON.stringify(ok));
          });
        });
      },
      { policy: { limits: [{ name: "one", maxConcurrency: 1 }] } },
    );
    const first = send(port, { body: call("t") });
    await expect.poll(() => waiting.length).toBe(1);
    expect((await send(port, { body: call("t") })).text).toContain("ConcurrencyLimited");
    waiting[0]?.();
    expect((await first).text).toBe(JSON.stringify(ok));
    const second = send(port, { body: call("t") });
    await expect.poll(() => waiting.length).toBe(2);
    waiting[1]?.();
    expect((await second).text).toBe(JSON.stringify(ok));
  });

  const list = { jsonrpc: "2.0", id: 1, result: { tools: [{ name: "read" }, { name: "write" }], nextCursor: "c" } };
  const listRequest = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';

  it("filters lists in JSON answers and mends their length", async () => {
    const { port } = await openDoor(json(list), { policy: { tools: { deny: ["write"] } } });
    const answer = await send(port, { body: listRequest });
    expect(JSON.parse(answer.text)).toEqual({ ...list, result: { tools: [{ name: "read" }], nextCursor: "c" } });
    expect(Number(answer.headers["content-length"])).toBe(Buffer.byteLength(answer.text));
  });

  it("filters lists in event streams, whatever the pieces they come in, and leaves other events as they are", async () => {
    const text = `: hi\n\nevent: message\nid: 4\ndata: ${JSON.stringify(list)}\n\n`;
    const { port } = await openDoor(
      (request, response) => {
        void readAll(request).then(() => {
          response.writeHead(200, { "content-type": "text/event-stream" });
          for (let at = 0; at < text.length; at += 3) response.write(text.slice(at, at + 3));
          response.end();
        });
      },
      { policy: { tools: { deny: ["write"] } } },
    );
    const answer = await send(port, { body: listRequest });
    expect(answer.text.startsWith(": hi\n\nevent: message\nid: 4\ndata: ")).toBe(true);
    expect(answer.text).toContain('"read"');
    expect(answer.text).not.toContain("write");
  });

  it("filters a list that a GET stream replays", async () => {
    const { port } = await openDoor(
      (_request, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.end(`id: 4\ndata: ${JSON.stringify(list)}\n\n`);
      },
      { policy: { tools: { deny: ["write"] } } },
    );
    const answer = await send(port, { method: "GET", headers: { accept: "text/event-stream" } });
    expect(answer.text).toContain('"read"');
    expect(answer.text).not.toContain("write");
  });

  it("decides each message of a batch: the denied ones are answered, the others go on", async () => {
    const bodies: string[] = [];
    const { port } = await openDoor(
      (request, response) => {
        void readAll(request).then((body) => {
          bodies.push(body.toString());
          response.writeHead(200, { "content-type": "application/json" });
          response.end(JSON.stringify([{ ...ok, id: 2 }]));
        });
      },
      { policy: { tools: { deny: ["bad"] } } },
    );
    const answer = await send(port, { body: `[${call("bad", 1)},${call("good", 2)}]` });
    expect(bodies).toEqual([`[${call("good", 2)}]`]);
    expect(JSON.parse(answer.text)).toEqual([
      { ...ok, id: 2 },
      { jsonrpc: "2.0", id: 1, error: { code: -32602, message: "Unknown tool: bad" } },
    ]);
    const denied = await send(port, { body: `[${call("bad", 1)},${call("bad", 2)}]` });
    expect(JSON.parse(denied.text)).toHaveLength(2);
    expect(bodies).toHaveLength(1);
  });

  it("a changed policy holds for the next call, and a broken one leaves the last good one in force", async () => {
    const { counts, handler } = counting();
    const { port, holder } = await openDoor(handler);
    await send(port, { body: call("t") });
    expect(await holder.apply(new Map([["file", JSON.stringify({ tools: { deny: ["t"] } })]]))).toEqual([]);
    expect((await send(port, { body: call("t") })).text).toContain("Unknown tool");
    expect(await holder.apply(new Map([["file", "tools: ["]]))).not.toEqual([]);
    expect(holder.current()).toMatchObject({ reason: "PolicyInvalid" });
    expect((await send(port, { body: call("t") })).text).toContain("Unknown tool");
    expect(counts.arrived).toBe(1);
  });
});

describe("what can't be read in one way is not passed on", () => {
  it.each([
    ["a duplicate key", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}', -32600],
    ["a case variant", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","Name":"b"}}', -32600],
    ["no JSON", "hello", -32700],
    ["trailing bytes", '{"jsonrpc":"2.0","id":1,"method":"ping"}x', -32600],
    ["an empty body", "", -32700],
  ])("%s", async (_name, body, code) => {
    let arrived = 0;
    const { port } = await openDoor((_request, response) => {
      arrived++;
      response.end();
    });
    const answer = await send(port, { body });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code } });
    expect(arrived).toBe(0);
  });

  it.each([
    ["a foreign Host", { headers: { host: "evil.example" } }, 403],
    ["a foreign Origin", { headers: { origin: "http://evil.example" } }, 403],
    ["an unreadable Origin", { headers: { origin: "null" } }, 403],
    ["another path", { path: "/admin" }, 404],
    ["a path beside the endpoint", { path: "/mcp/../admin" }, 404],
    ["another media type", { headers: { "content-type": "text/plain" } }, 415],
    ["a compressed body", { headers: { "content-encoding": "gzip" } }, 415],
    ["another method", { method: "PUT" }, 405],
  ])("%s", async (_name, sent, status) => {
    let arrived = 0;
    const { port } = await openDoor((_request, response) => {
      arrived++;
      response.end();
    });
    expect((await send(port, { body: call("t"), ...sent })).status).toBe(status);
    expect(arrived).toBe(0);
  });

  it("modern headers that differ from the body", async () => {
    const { port } = await openDoor(json(ok));
    const body = JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "real", _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } },
    });
    const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "other" };
    const answer = await send(port, { body, headers });
    expect([answer.status, (JSON.parse(answer.text) as { error: { code: number } }).error.code]).toEqual([400, -32020]);
    expect((await send(port, { body, headers: { ...headers, "mcp-name": "real" } })).status).toBe(200);
  });

  it("a body over the limit is refused before it is read whole", async () => {
    const { port } = await openDoor(json(ok), { policy: { sizes: { maxRequestBytes: "1Ki" } } });
    const answer = await send(port, { body: call("x".repeat(5_000)) });
    expect([answer.status, answer.headers.connection]).toEqual([413, "close"]);
    expect(answer.text).toContain("RequestTooLarge");
  });
});

describe("a server that fails", () => {
  it("that can't be reached gives 503 with the reason", async () => {
    const gone = await listen(() => undefined);
    const port = portOf(gone);
    const upstream = createHttpUpstream(`http://127.0.0.1:${port}`, { maxCalls: 1, maxStreams: 1 });
    await new Promise((resolve) => gone.close(resolve));
    const failure = await new Promise((resolve) => {
      upstream.send(
        { method: "POST", path: "/mcp", headers: [], caller: "c" },
        { onHead: () => undefined, onData: () => true, onEnd: () => undefined, onFailure: resolve },
      );
    });
    expect(failure).toMatchObject({ reason: "UpstreamUnavailable", sent: false });
    await upstream.close();
  });

  it.each<[string, RequestListener, string]>([
    [
      "closes in the middle of a JSON body",
      (_request, response) => {
        response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
        response.write('{"jsonrpc":');
        setImmediate(() => response.destroy());
      },
      "UpstreamBroken",
    ],
    [
      "answers with a page",
      (_request, response) => {
        response.writeHead(200, { "content-type": "text/html" });
        response.end("<h1>hello</h1>");
      },
      "UpstreamBroken",
    ],
    [
      "answers with more than is allowed",
      (_request, response) => {
        response.writeHead(200, { "content-type": "application/json" });
        const write = (): void => {
          while (!response.destroyed && response.write("x".repeat(65_536)));
          if (!response.destroyed) response.once("drain", write);
        };
        write();
      },
      "ResponseTooLarge",
    ],
    [
      "announces more than is allowed",
      (_request, response) => {
        response.writeHead(200, { "content-type": "application/json", "content-length": String(100 * 1024 ** 2) });
        response.write("x");
      },
      "ResponseTooLarge",
    ],
    ["never answers", () => undefined, "UpstreamTimeout"],
  ])("that %s gives that caller a clear error, and the next call is served", async (_name, misbehave, reason) => {
    const { port } = await openDoor(
      (request, response) => {
        void readAll(request).then((body) => (body.includes('"bad"') ? misbehave : answerOk)(request, response));
      },
      { callTimeoutMs: reason === "UpstreamTimeout" ? 1_000 : 30_000, policy: { sizes: { maxResponseBytes: "1Mi" } } },
    );
    const answer = await send(port, { body: call("bad", "b") });
    expect(JSON.parse(answer.text)).toMatchObject({ id: "b" });
    expect(answer.text).toContain(reason);
    expect((await send(port, { body: call("good") })).text).toBe(JSON.stringify(ok));
  });

  it("that ends a stream in half an event gives an error event for that request", async () => {
    const { port } = await openDoor((request, response) => {
      void readAll(request).then(() => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write('data: {"jsonrpc":"2.0","method":"notifications/progress"}\n\ndata: {"half');
        setImmediate(() => response.destroy());
      });
    });
    const answer = await send(port, { body: call("t", "h") });
    const last = answer.text.trim().split("\n\n").at(-1) ?? "";
    expect(JSON.parse(last.replace(/^event: message\ndata: /, ""))).toMatchObject({ id: "h", error: { code: 10503 } });
  });
});

describe("metrics", () => {
  it("count by method, tool and result, with refusals by reason from zero", async () => {
    const { port, recorder } = await openDoor(json(ok), { policy: { tools: { deny: ["bad"] } } });
    await send(port, { body: call("good") });
    await send(port, { body: call("bad") });
    await expect
      .poll(() => recorder.expose())
      .toContain('outrigger_sidecar_requests_total{method="tools/call",tool="good",result="allowed"} 1');
    expect(recorder.expose()).toContain('result="tool_denied"} 1');
    expect(recorder.expose()).toContain('outrigger_sidecar_refused_total{reason="rate_limited"} 0');
    expect(recorder.expose()).toContain('le="+Inf"} 1');
  });
});

describe("nothing that policy hides is seen", () => {
  const tools = { tools: [{ name: "shown" }, { name: "hidden" }] };
  const list = (id: unknown): string => JSON.stringify({ jsonrpc: "2.0", id, method: "tools/list" });
  const policy = { tools: { deny: ["hidden"] }, prompts: { deny: ["hidden"] } };
  const answerWith =
    (status: number, body: unknown, type = "application/json"): RequestListener =>
    (request, response) => {
      void readAll(request).then(() => {
        response.writeHead(status, { "content-type": type });
        response.end(JSON.stringify(body));
      });
    };

  it.each([200, 201, 203, 400, 500])("in a list with status %i", async (status) => {
    const { port } = await openDoor(answerWith(status, { jsonrpc: "2.0", id: 1, result: tools }), { policy });
    const answer = await send(port, { body: list(1) });
    expect(answer.status).toBe(status);
    expect(answer.text).toContain("shown");
    expect(answer.text).not.toContain("hidden");
  });

  it("in a list that claims to be text", async () => {
    const { port } = await openDoor(answerWith(201, { jsonrpc: "2.0", id: 1, result: tools }, "text/plain"), {
      policy,
    });
    expect((await send(port, { body: list(1) })).text).toContain("UpstreamBroken");
  });

  it("in a list whose id the server writes as a text", async () => {
    const { port } = await openDoor(answerWith(200, { jsonrpc: "2.0", id: "1", result: tools }), { policy });
    expect((await send(port, { body: list(1) })).text).not.toContain("hidden");
  });

  it("in a JSON answer to a GET", async () => {
    const { port } = await openDoor(answerWith(200, { jsonrpc: "2.0", id: 1, result: tools }), { policy });
    expect((await send(port, { method: "GET" })).text).not.toContain("hidden");
  });

  it.each([
    [
      "one id for two requests",
      [
        { id: 1, method: "tools/list" },
        { id: 1, method: "prompts/list" },
      ],
    ],
    ["initialize", [{ id: 1, method: "initialize" }]],
  ])("in a batch with %s, which never reaches the server", async (_what, messages) => {
    let asked = 0;
    const { port } = await openDoor(
      (request, response) => {
        asked++;
        answerWith(200, { jsonrpc: "2.0", id: 1, result: tools })(request, response);
      },
      { policy },
    );
    const body = JSON.stringify(messages.map((message) => ({ jsonrpc: "2.0", ...message })));
    expect((await send(port, { body })).status).toBe(400);
    expect(asked).toBe(0);
  });

  it("in the completion of a prompt that also names a resource", async () => {
    const { port } = await openDoor(answerWith(200, { jsonrpc: "2.0", id: 1, result: {} }), { policy });
    const ref = { type: "ref/prompt", name: "hidden", uri: "any://x" };
    const body = JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "completion/complete",
      params: { ref, argument: {} },
    });
    expect(JSON.parse((await send(port, { body })).text)).toMatchObject({ error: { code: -32_602 } });
  });

  it("on a stream that was open before the policy", async () => {
    let stream: ServerResponse | undefined;
    const { port, holder } = await openDoor((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.flushHeaders();
      stream = response;
    });
    const answer = send(port, { method: "GET" });
    await expect.poll(() => stream).toBeDefined();
    await holder.apply(new Map([["file", JSON.stringify(policy)]]));
    stream?.end(`data: ${JSON.stringify({ jsonrpc: "2.0", id: 7, result: tools })}\n\n`);
    expect((await answer).text).not.toContain("hidden");
  });
});

it.each([
  "/.well-known/oauth-x/../../admin",
  "/.well-known/oauth-protected-resource/../../admin",
  "/.well-known/oauth-protected-resource/%2e%2e/admin",
  "/.well-known/oauth-protected-resource//admin",
  "/.well-known/oauth-protected-resource/..",
])("%s is nobody's path", async (path) => {
  let asked = 0;
  const { port } = await openDoor((_request, response) => {
    asked++;
    response.end();
  });
  expect((await send(port, { method: "GET", path })).status).toBe(404);
  expect(asked).toBe(0);
});

it.each([
  "/.well-known/oauth-protected-resource",
  "/.well-known/oauth-protected-resource/mcp",
  "/.well-known/oauth-authorization-server/v1.0/mcp",
])("%s reaches the server", async (path) => {
  const { port } = await openDoor((request, response) => response.end(request.url));
  expect((await send(port, { method: "GET", path })).text).toBe(path);
});

it("methods that a caller made up share one label", async () => {
  const { port, recorder } = await openDoor(json(ok));
  await send(port, { body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "made/up" }) });
  await expect.poll(() => recorder.expose()).toContain('method="_other"');
  expect(recorder.expose()).not.toContain("made/up");
});

describe("what is held at once is bounded", () => {
  it("for bodies that come in pieces: beyond it they are refused, and what was held is free again", async () => {
    const { port } = await openDoor(json(ok), { budgetBytes: 100_000 });
    const params = { name: "good", arguments: { text: "x".repeat(80_000) } };
    const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }));
    const slow = httpRequest({ host: "127.0.0.1", port, method: "POST", path: "/mcp", headers: jsonHeaders(body) });
    slow.on("error", () => undefined);
    slow.write(body.subarray(0, 70_000));
    await expect.poll(() => sendInPieces(port, body).then(({ status }) => status)).toBe(429);
    slow.destroy();
    await expect.poll(() => sendInPieces(port, body).then(({ text }) => text)).toBe(JSON.stringify(ok));
  });

  it("for answers: a client that leaves in the middle of one leaves nothing held", async () => {
    const held = createByteBudget(1_000_000);
    const begun = Promise.withResolvers<undefined>();
    const { port } = await openDoor(
      (request, response) => {
        void readAll(request).then(() => {
          response.writeHead(200, { "content-type": "application/json" });
          response.write("x".repeat(50_000));
          begun.resolve(undefined);
        });
      },
      { budget: held },
    );
    const body = Buffer.from(JSON.stringify(modernCall("good")));
    const headers = {
      ...jsonHeaders(body),
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "good",
    };
    const leaving = httpRequest({ host: "127.0.0.1", port, method: "POST", path: "/mcp", headers });
    leaving.on("error", () => undefined);
    leaving.end(body);
    await begun.promise;
    await expect.poll(() => held.held()).toBeGreaterThan(0);
    leaving.destroy();
    await expect.poll(() => held.held()).toBe(0);
  });
});

const jsonHeaders = (body: Buffer) => ({
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "content-length": body.length,
});

const modernCall = (name: string) => ({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: {
    name,
    arguments: {},
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  },
});

/** Sends a body in two pieces, so that it is not whole at once. */
function sendInPieces(port: number, body: Buffer): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host: "127.0.0.1", port, method: "POST", path: "/mcp", headers: jsonHeaders(body) },
      (incoming) => {
        const status = incoming.statusCode ?? 0;
        void readAll(incoming).then((text) => resolve({ status, text: text.toString() }), reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.write(body.subarray(0, 1_000), () => outgoing.end(body.subarray(1_000)));
  });
}

it("a method that is no notification is judged, also where nobody waits for its answer", async () => {
  let asked = 0;
  const { port } = await openDoor(
    (request, response) => {
      asked++;
      json(ok)(request, response);
    },
    { policy: { tools: { allow: ["good"] } } },
  );
  await send(port, { body: JSON.stringify({ jsonrpc: "2.0", method: "made/up" }) });
  expect(asked).toBe(0);
});
