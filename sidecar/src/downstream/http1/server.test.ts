/** Connections of real sockets: what comes before, between and after requests, and what becomes of the connection. */
import { once } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { connect, Socket, type AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Visit } from "../visit.ts";
import { createHttpServer, type ConnectionGuard, type HttpServerOptions } from "./server.ts";

/** Answers at once with what was asked. */
function echo(visit: Visit): void {
  const chunks: Buffer[] = [];
  const answer = (): void => {
    visit.channel.head(visit, { status: 200, headers: ["x-own", "1"], isLast: false });
    visit.channel.end(visit, Buffer.from(`${visit.method} ${visit.target} ${Buffer.concat(chunks).toString()}`));
  };
  if (visit.bodyBytes === 0) answer();
  else
    visit.channel.readBody(visit, {
      onData: (chunk) => void chunks.push(Buffer.from(chunk)),
      onEnd: answer,
      onBroken: answer,
    });
}

async function open(handle: (visit: Visit) => void = echo, more: Partial<HttpServerOptions> = {}) {
  const app = createHttpServer({ handle, now: () => performance.now(), ...more });
  onTestFinished(() => app.close());
  await app.listen({ host: "127.0.0.1", port: 0 });
  // A listening TCP server has an address of this form.
  return { app, port: (app.server.address() as AddressInfo).port };
}

/** A connection of bytes. `ended`: everything that came, once it is over. */
async function dial(port: number, allowHalfOpen = false) {
  const socket: Socket = connect({ port, host: "127.0.0.1", allowHalfOpen });
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.on("data", (chunk) => (text += chunk.toString("latin1"))).on("error", () => undefined);
  const ended = new Promise<string>((resolve) => socket.on("close", () => resolve(text)));
  await once(socket, "connect");
  return { socket, ended, text: () => text };
}

const get = (target: string, lines = "", version = "1.1"): string =>
  `GET ${target} HTTP/${version}\r\nhost: a\r\n${lines}\r\n`;
const post = (body: string, lines = ""): string =>
  `POST / HTTP/1.1\r\nhost: a\r\n${lines}content-length: ${body.length}\r\n\r\n${body}`;
const kept = "Connection: keep-alive\r\nKeep-Alive: timeout=72\r\n\r\n";

/** Keeps visits until the test answers them. */
function keep() {
  const visits: Visit[] = [];
  return { visits, handle: (visit: Visit): void => void visits.push(visit) };
}

const end = (visit: Visit | undefined, text: string, headers: readonly string[] = []): void => {
  if (visit === undefined) throw new Error("no such visit");
  visit.channel.head(visit, { status: 200, headers, isLast: false });
  visit.channel.end(visit, Buffer.from(text));
};

describe("an answer", () => {
  it("comes in one piece, with its length and what becomes of the connection", async () => {
    const { port } = await open();
    const client = await dial(port);
    client.socket.write(get("/a"));
    await vi.waitFor(() =>
      expect(client.text()).toBe(`HTTP/1.1 200 OK\r\nx-own: 1\r\ncontent-length: 7\r\n${kept}GET /a `),
    );
  });

  it("keeps the length that its headers say", async () => {
    const { port } = await open((visit) => end(visit, "abc", ["Content-Length", "3"]));
    const client = await dial(port);
    client.socket.write(get("/"));
    await vi.waitFor(() => expect(client.text()).toBe(`HTTP/1.1 200 OK\r\nContent-Length: 3\r\n${kept}abc`));
  });

  it("that is written in pieces comes in chunks, large and small ones", async () => {
    const large = "x".repeat(40_000);
    const { port } = await open((visit) => {
      visit.channel.head(visit, { status: 200, headers: [], isLast: false });
      visit.channel.flush(visit);
      for (const text of ["a", "", large]) visit.channel.write(visit, Buffer.from(text));
      visit.channel.end(visit, Buffer.from("z"));
    });
    const [answer] = (await once(httpRequest({ port, host: "127.0.0.1" }).end(), "response")) as [IncomingMessage];
    expect(answer.headers["transfer-encoding"]).toBe("chunked");
    let text = "";
    for await (const chunk of answer) text += String(chunk);
    expect(text).toBe(`a${large}z`);
  });

  it("of many small pieces that are written at once goes out in one", async () => {
    const write = vi.spyOn(Socket.prototype, "write");
    onTestFinished(() => {
      write.mockRestore();
    });
    let before = 0;
    const { port } = await open((visit) => {
      before = write.mock.calls.length;
      visit.channel.head(visit, { status: 200, headers: [], isLast: false });
      visit.channel.flush(visit);
      for (let at = 0; at < 50; at++) visit.channel.write(visit, Buffer.from("event\n"));
    });
    const client = await dial(port);
    client.socket.write(get("/"));
    await vi.waitFor(() => expect(client.text().match(/event/g)).toHaveLength(50));
    expect(write.mock.calls.length - before).toBe(1);
  });

  it("has no body where the method or the status forbids it", async () => {
    const { port } = await open((visit) => {
      const status = visit.target === "/204" ? 204 : 200;
      visit.channel.head(visit, { status, headers: status === 204 ? [] : ["content-length", "3"], isLast: false });
      visit.channel.end(visit, Buffer.from("abc"));
    });
    const client = await dial(port);
    client.socket.write(get("/").replace("GET", "HEAD") + get("/204") + get("/"));
    await vi.waitFor(() => expect(client.text()).toMatch(/abc$/));
    expect(
      client
        .text()
        .split("HTTP/1.1 ")
        .map((each) => each.split("\r\n\r\n")[1]),
    ).toEqual([undefined, "", "", "abc"]);
    expect(client.text()).toContain(`HTTP/1.1 204 No Content\r\n${kept}`);
  });

  it("to HTTP/1.0 has no chunks, and ends with its connection where its length is not known", async () => {
    const { port } = await open((visit) => {
      visit.channel.head(visit, { status: 200, headers: [], isLast: false });
      visit.channel.write(visit, Buffer.from("a"));
      visit.channel.end(visit, Buffer.from("b"));
    });
    const client = await dial(port);
    client.socket.write(get("/", "connection: keep-alive\r\n", "1.0"));
    expect(await client.ended).toBe("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nab");
  });

  it.each([
    ["the client asks so", get("/", "connection: close\r\n"), []],
    ["it says so", get("/"), ["connection", "close"]],
    ["the version asks for nothing else", get("/", "", "1.0"), []],
  ])("ends the connection where %s", async (_name, text, headers) => {
    const { port } = await open((visit) => end(visit, "abc", headers));
    const client = await dial(port);
    client.socket.write(text);
    expect(await client.ended).toBe("HTTP/1.1 200 OK\r\ncontent-length: 3\r\nConnection: close\r\n\r\nabc");
  });

  it("that nobody reads asks its writer to pause until it is read", async () => {
    let drained = 0;
    let mayGoOn = true;
    const { port } = await open((visit) => {
      visit.channel.watch(visit, { drain: () => drained++, gone: () => undefined });
      visit.channel.head(visit, { status: 200, headers: [], isLast: false });
      for (let at = 0; at < 200 && mayGoOn; at++) mayGoOn = visit.channel.write(visit, Buffer.alloc(256 * 1_024));
    });
    const client = await dial(port);
    client.socket.pause();
    client.socket.write(get("/"));
    await vi.waitFor(() => expect(mayGoOn).toBe(false));
    client.socket.resume();
    await vi.waitFor(() => expect(drained).toBe(1));
  });

  it("reaches nobody once its visit is over: the next one has the connection", async () => {
    const { visits, handle } = keep();
    const { port } = await open(handle);
    const client = await dial(port);
    client.socket.write(get("/1"));
    await vi.waitFor(() => expect(visits).toHaveLength(1));
    end(visits[0], "one");
    client.socket.write(get("/2"));
    await vi.waitFor(() => expect(visits).toHaveLength(2));
    const [first] = visits;
    end(first, "late");
    first?.channel.destroy(first);
    first?.channel.write(first, Buffer.from("late"));
    end(visits[1], "two");
    await vi.waitFor(() => expect(client.text()).toMatch(/one[^]*two$/));
    expect(client.text()).not.toContain("late");
  });
});

describe("requests one behind the other", () => {
  it("are answered in their order, each seen only when the one before is answered", async () => {
    const { visits, handle } = keep();
    const { port } = await open(handle);
    const client = await dial(port);
    client.socket.write(get("/1") + get("/2") + get("/3"));
    for (const count of [1, 2, 3]) {
      await vi.waitFor(() => expect(visits).toHaveLength(count));
      end(visits.at(-1), `answer ${count}`);
    }
    await vi.waitFor(() => expect(client.text().match(/answer \d/g)).toEqual(["answer 1", "answer 2", "answer 3"]));
  });

  it("are held back while one is answered: a client that goes on writing is not read", async () => {
    const { visits, handle } = keep();
    const { port } = await open(handle);
    const client = await dial(port);
    client.socket.write(get("/1"));
    await vi.waitFor(() => expect(visits).toHaveLength(1));
    let isHeld = false;
    const more = get("/2").repeat(1_000);
    for (let at = 0; at < 1_000 && !isHeld; at++) isHeld = !client.socket.write(more);
    expect(isHeld).toBe(true);
    expect(visits).toHaveLength(1);
    end(visits[0], "one");
    await vi.waitFor(() => expect(visits).toHaveLength(2));
  });

  it("come after a body that nobody asked for, which is thrown away", async () => {
    const { port } = await open((visit) => end(visit, visit.target));
    const client = await dial(port);
    client.socket.write(post("x".repeat(100_000)));
    await vi.waitFor(() => expect(client.text()).toMatch(/\/$/));
    client.socket.write(get("/next"));
    await vi.waitFor(() => expect(client.text()).toMatch(/\/next$/));
  });

  it("are not read behind one that ends the connection", async () => {
    const { visits, handle } = keep();
    const { port } = await open(handle);
    const client = await dial(port);
    client.socket.write(get("/1", "connection: close\r\n") + get("/2"));
    await vi.waitFor(() => expect(visits).toHaveLength(1));
    end(visits[0], "one");
    expect(await client.ended).toMatch(/one$/);
    expect(visits).toHaveLength(1);
  });

  it("keep one connection of an agent", async () => {
    const { port } = await open();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const ports = new Set<number | undefined>();
    for (let turn = 0; turn < 20; turn++) {
      const sent = httpRequest({ port, host: "127.0.0.1", agent, method: "POST" }).end("x".repeat(turn * 3_000));
      const [answer] = (await once(sent, "response")) as [IncomingMessage];
      ports.add(answer.socket.localPort);
      await answer.resume().toArray();
    }
    expect(ports.size).toBe(1);
  });
});

describe("a request that waits to be told to go on", () => {
  const waiting = "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n";

  it("is told once its body is asked for", async () => {
    const { port } = await open();
    const client = await dial(port);
    client.socket.write(waiting);
    await vi.waitFor(() => expect(client.text()).toBe("HTTP/1.1 100 Continue\r\n\r\n"));
    client.socket.write("ok");
    await vi.waitFor(() => expect(client.text()).toMatch(/POST \/ ok$/));
  });

  it("ends its connection where it is answered instead: nobody knows whether the body comes", async () => {
    const { port } = await open((visit) => end(visit, "no"));
    const client = await dial(port);
    client.socket.write(waiting);
    expect(await client.ended).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n\r\nno$/);
  });
});

describe("a client that ends its side", () => {
  it("has left, where it waits for an answer", async () => {
    const gone = vi.fn();
    const { visits, handle } = keep();
    const { port } = await open((visit) => {
      visit.channel.watch(visit, { drain: () => undefined, gone });
      handle(visit);
    });
    const client = await dial(port);
    client.socket.end(get("/"));
    await client.ended;
    expect(gone).toHaveBeenCalledTimes(1);
    const [visit] = visits;
    expect(visit?.channel.isOpen(visit)).toBe(false);
  });

  it("still gets the answer that was given at once", async () => {
    const { port } = await open();
    const client = await dial(port, true);
    client.socket.end(get("/a"));
    await vi.waitFor(() => expect(client.text()).toMatch(/GET \/a $/));
  });

  it("in the middle of a request gets 400, with the door's words where its head was read", async () => {
    const { port } = await open();
    const inHead = await dial(port, true);
    inHead.socket.end("GET / HTTP/1.1\r\nhost");
    await vi.waitFor(() => expect(inHead.text()).toBe("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"));
    const inBody = await dial(port, true);
    inBody.socket.end(post("abc").slice(0, -1));
    await vi.waitFor(() => expect(inBody.text()).toMatch(/Connection: close\r\n\r\nPOST \/ ab$/));
    for (const { socket } of [inHead, inBody]) socket.destroy();
  });

  it("between requests ends its connection", async () => {
    const { port } = await open();
    const client = await dial(port);
    client.socket.write(get("/"));
    await vi.waitFor(() => expect(client.text()).not.toBe(""));
    client.socket.end();
    await client.ended;
  });
});

describe("a request that can't be read", () => {
  it("gets its status and the end, also behind others", async () => {
    const { port } = await open();
    const client = await dial(port);
    client.socket.write(`${get("/")}GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n`);
    expect(await client.ended).toMatch(/GET \/ HTTP\/1\.1 400 Bad Request\r\nconnection: close\r\n\r\n$/);
  });

  it("in its body is told to whoever reads that, whose answer ends the connection", async () => {
    const { port } = await open();
    const client = await dial(port);
    client.socket.write("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n");
    expect(await client.ended).toMatch(/Connection: close\r\n\r\nPOST \/ ab$/);
  });
});

describe("a server", () => {
  const strict = (more: Partial<ConnectionGuard>): Partial<HttpServerOptions> => ({
    guard: {
      times: { headerMs: 200, requestMs: 200, readerMs: 60_000 },
      enter: () => undefined,
      leave: () => undefined,
      onSlow: () => undefined,
      ...more,
    },
  });

  it("ends a request that is too slow, and tells who read it; what was answered already is only cut", async () => {
    const onSlow = vi.fn();
    const seen: string[] = [];
    const { port } = await open((visit) => {
      const note = (word: string) => () => void seen.push(`${visit.target} ${word}`);
      visit.channel.readBody(visit, { onData: note("data"), onEnd: note("end"), onBroken: note("broken") });
      if (visit.target === "/answered") end(visit, "early");
    }, strict({ onSlow }));
    const slow = await dial(port);
    const answered = await dial(port);
    slow.socket.write("POST /slow HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nx");
    answered.socket.write("POST /answered HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n");
    expect(await slow.ended).toBe("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n");
    expect(await answered.ended).toMatch(/early$/);
    expect(seen).toEqual(expect.arrayContaining(["/slow data", "/slow broken"]));
    expect(onSlow.mock.calls).toEqual([["slow_request"], ["slow_request"]]);
  });

  it("leaves a connection alone between requests, for longer than a request may take", async () => {
    const { port } = await open(echo, strict({}));
    const client = await dial(port);
    for (let turn = 1; turn <= 2; turn++) {
      client.socket.write(get("/"));
      await vi.waitFor(() => expect(client.text().match(/HTTP\/1\.1 200/g)).toHaveLength(turn));
      const other = await dial(port);
      await other.ended;
    }
  });

  it("says who may connect, and hears who has gone", async () => {
    const left: string[] = [];
    let isFull = false;
    const guard = strict({
      enter: () => (isFull ? "HTTP/1.1 429 \r\n\r\n" : undefined),
      leave: (peer) => void left.push(peer),
    });
    const { port } = await open(echo, guard);
    const first = await dial(port);
    first.socket.write(get("/"));
    await vi.waitFor(() => expect(first.text()).not.toBe(""));
    isFull = true;
    expect(await (await dial(port)).ended).toBe("HTTP/1.1 429 \r\n\r\n");
    expect(left).toEqual([]);
    first.socket.destroy();
    await vi.waitFor(() => expect(left).toEqual(["127.0.0.1"]));
  });

  it("answers on every address, and says which one is taken", async () => {
    const { app, port } = await open();
    const origin = await app.listen({ host: "127.0.0.1", port: 0 });
    expect(new URL(origin).port).not.toBe(String(port));
    for (const each of [origin, `http://127.0.0.1:${port}`])
      expect(await (await fetch(`${each}/a`)).text()).toBe("GET /a ");
    await expect(app.listen({ host: "127.0.0.1", port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    expect((await fetch(await app.listen({ host: "127.0.0.1", port: 0 }))).status).toBe(200);
  });

  it("ends what goes on by itself before its connections", async () => {
    const { visits, handle } = keep();
    const beforeClose = (): void => end(visits[0], "the end");
    const { app, port } = await open(handle, { beforeClose });
    const client = await dial(port);
    client.socket.write(get("/"));
    await vi.waitFor(() => expect(visits).toHaveLength(1));
    await app.close();
    expect(await client.ended).toMatch(/the end$/);
  });

  it("ends idle connections alone when asked to, and all at its end", async () => {
    const { visits, handle } = keep();
    const { app, port } = await open((visit) => (visit.target === "/keep" ? handle(visit) : echo(visit)));
    const idle = await dial(port);
    idle.socket.write(get("/"));
    const busy = await dial(port);
    busy.socket.write(get("/keep"));
    await vi.waitFor(() => expect(visits).toHaveLength(1));
    await vi.waitFor(() => expect(idle.text()).not.toBe(""));
    app.closeIdle();
    await idle.ended;
    end(visits[0], "answered");
    await vi.waitFor(() => expect(busy.text()).toMatch(/answered$/));
    await app.close();
    await busy.ended;
    await expect(dial(port)).rejects.toThrow();
  });
});
