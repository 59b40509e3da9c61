import { connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { startInProcess } from "../testing/in-process.ts";
import { callOf, post, serveAnswers } from "../testing/post.ts";

const ok = () => serveAnswers(() => ({ result: { content: [] } })).handler;
const body = JSON.stringify({ jsonrpc: "2.0", id: 1, ...callOf("t") });
const head = (length: number): string =>
  `POST /mcp HTTP/1.1\r\nhost: localhost\r\nx-test: 1\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;

/** A connection of bytes; `text`: what came back; `ended`: resolves with it when the connection is over. */
function open(port: number) {
  const socket: Socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  socket.on("error", () => undefined);
  const ended = new Promise<string>((resolve) => socket.on("close", () => resolve(text)));
  return { socket, ended, text: () => text };
}

describe("a request that waits to be told to go on", () => {
  const waiting = head(body.length).replace("\r\n\r\n", "\r\nexpect: 100-continue\r\n\r\n");

  it("is told, where it is the first on its connection", async () => {
    const { port } = await startInProcess({ handler: ok() });
    const client = open(port);
    client.socket.write(waiting);
    await vi.waitFor(() => expect(client.text()).toBe("HTTP/1.1 100 Continue\r\n\r\n"));
    client.socket.write(body);
    await vi.waitFor(() => expect(client.text()).toContain("HTTP/1.1 200 OK"));
  });

  it("gets a whole answer where others come before it", async () => {
    const { port } = await startInProcess({ handler: ok() });
    const client = open(port);
    client.socket.write(head(body.length) + body + waiting.replace("POST", "PUT") + body);
    await vi.waitFor(() => expect(client.text()).toContain("Method not allowed"));
    const answer = client.text().slice(client.text().indexOf("HTTP/1.1 405"));
    const length = Number(/content-length: (\d+)/i.exec(answer)?.[1]);
    expect(answer.slice(answer.indexOf("\r\n\r\n") + 4)).toHaveLength(length);
    expect(client.text()).not.toContain("100 Continue");
  });
});

describe("a client whose request can't be read", () => {
  it("has its answer, and is then read no further however much it writes", async () => {
    const { port, url } = await startInProcess({ handler: ok() });
    const writer = open(port);
    const chunk = Buffer.alloc(64 * 1_024, "x: y\r\n");
    const pump = (): void => {
      while (!writer.socket.destroyed && writer.socket.write(chunk));
    };
    writer.socket.on("drain", pump).write("POST /mcp HTTP/1.1\r\nhost: localhost\r\n");
    pump();
    expect(await writer.ended).toMatch(/^HTTP\/1\.1 431 /);
    // What both systems hold of a connection, and no more.
    expect(writer.socket.bytesWritten).toBeLessThan(32 * 1_024 ** 2);
    expect((await post(url, callOf("t"))).status).toBe(200);
  });
});

const metric = (text: string, name: string): number => Number(new RegExp(`^${name} (.+)$`, "m").exec(text)?.[1]);
const endedFor = (reason: string): string => `outrigger_sidecar_connections_ended_total\\{reason="${reason}"\\}`;

describe("a slow client", () => {
  it.each([
    ["that says nothing", ""],
    ["whose headers do not end", "POST /mcp HTTP/1.1\r\nhost: localhost\r\nx-slow: "],
  ])("%s loses its connection, and others are served", async (_name, sent) => {
    const { port, url, metrics } = await startInProcess({ handler: ok(), flags: ["--header-timeout", "300ms"] });
    const slow = open(port);
    slow.socket.write(sent);
    const trickle = setInterval(() => sent !== "" && slow.socket.write("x"), 50);
    onTestFinished(() => clearInterval(trickle));
    expect((await post(url, callOf("t"))).status).toBe(200);
    expect(await slow.ended).toMatch(/^HTTP\/1\.1 408 /);
    expect(metric(await metrics(), endedFor("slow_request"))).toBe(1);
  });

  it("whose body does not end loses its connection, and the server hears nothing of it", async () => {
    const server = serveAnswers(() => ({ result: {} }));
    const flags = ["--request-timeout", "300ms"];
    const { port, metrics } = await startInProcess({ handler: server.handler, flags });
    const slow = open(port);
    slow.socket.write(`${head(body.length)}${body.slice(0, -1)}`);
    expect(await slow.ended).toMatch(/^HTTP\/1\.1 408 /);
    expect(server.arrived).toEqual([]);
    expect(metric(await metrics(), endedFor("slow_request"))).toBe(1);
  });

  it("that leaves its answer unread loses its connection; one that is waiting for its answer does not", async () => {
    const large = "x".repeat(9_000_000);
    const { promise: release, resolve: answerNow } = Promise.withResolvers<undefined>();
    const { handler } = serveAnswers(async ({ params }) => {
      if (params?.["name"] === "slow") await release;
      return { result: { content: [{ type: "text", text: params?.["name"] === "large" ? large : "done" }] } };
    });
    const { port, url, metrics } = await startInProcess({ handler, flags: ["--reader-timeout", "300ms"] });
    const slow = open(port);
    slow.socket.pause();
    const asked = JSON.stringify({ jsonrpc: "2.0", id: 1, ...callOf("large") });
    slow.socket.write(head(asked.length) + asked);
    const patient = post(url, callOf("slow"));
    await vi.waitFor(async () => expect(metric(await metrics(), endedFor("slow_reader"))).toBe(1), 5_000);
    answerNow(undefined);
    expect((await patient).message.result).toMatchObject({ content: [{ text: "done" }] });
    slow.socket.resume();
    expect((await slow.ended).length).toBeLessThan(large.length);
  });
});

describe("connections", () => {
  it("beyond the bound for one address are told to wait and ended, until another ends", async () => {
    const flags = ["--max-peer-connections", "2"];
    const { port, metrics } = await startInProcess({ handler: ok(), flags });
    const kept = [open(port), open(port)];
    await vi.waitFor(async () => expect(metric(await metrics(), "outrigger_sidecar_connections")).toBe(2), 5_000);
    const answer = await open(port).ended;
    expect(answer).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n/);
    expect(answer).toContain("retry-after: 1\r\n");
    const [, json = ""] = answer.split("\r\n\r\n");
    expect(JSON.parse(json)).toMatchObject({
      id: null,
      error: {
        code: 10_429,
        data: { outrigger: { reason: "TooManyConnections", server: "server", retryAfterMs: 1_000 } },
      },
    });
    expect(metric(await metrics(), endedFor("too_many_of_peer"))).toBe(1);
    kept[0]?.socket.destroy();
    await vi.waitFor(async () => expect(metric(await metrics(), "outrigger_sidecar_connections")).toBe(1), 5_000);
    const next = open(port);
    next.socket.write(head(body.length) + body);
    await vi.waitFor(() => expect(next.text()).toMatch(/^HTTP\/1\.1 200 /), 5_000);
  });

  it("beyond the bound in all are ended, and the admin port answers all the while", async () => {
    const { port, metrics } = await startInProcess({ handler: ok(), flags: ["--max-connections", "1"] });
    open(port);
    await vi.waitFor(async () => expect(metric(await metrics(), "outrigger_sidecar_connections")).toBe(1), 5_000);
    expect(await open(port).ended).toMatch(/^HTTP\/1\.1 429 /);
    expect(metric(await metrics(), endedFor("too_many"))).toBe(1);
  });

  it("that nobody uses any more end after the time for which they are kept", async () => {
    const { port } = await startInProcess({ handler: ok(), flags: ["--reader-timeout", "200ms"] });
    const client = open(port);
    client.socket.write(head(body.length) + body);
    await vi.waitFor(() => expect(client.text()).toMatch(/^HTTP\/1\.1 200 /), 5_000);
    // Kept: the time for an unread answer is over long before.
    client.socket.write(head(body.length) + body);
    await vi.waitFor(() => expect(client.text().match(/HTTP\/1\.1 200 /g)).toHaveLength(2), 5_000);
  });
});

describe("a flood of one address", () => {
  it("is refused unread with 429, the limit's name and the time to wait, and the server hears nothing", async () => {
    const server = serveAnswers(() => ({ result: {} }));
    const { url, port } = await startInProcess({ handler: server.handler, flags: ["--flood-rate", "2/m"] });
    const passed = [await post(url, callOf("t")), await post(url, callOf("t"))];
    expect(passed.map(({ status }) => status)).toEqual([200, 200]);
    const refused = await post(url, callOf("t"));
    expect([refused.status, refused.headers.get("connection")]).toEqual([429, "close"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(25);
    expect(refused.message.error).toMatchObject({
      code: 10_429,
      data: { outrigger: { reason: "FloodLimited", limit: "flood-rate", server: "server" } },
    });
    const unread = open(port);
    unread.socket.write(head(1_000_000));
    expect(await unread.ended).toMatch(/^HTTP\/1\.1 429 /);
    expect(server.arrived).toHaveLength(2);
  });
});
