import { createServer, type RequestListener } from "node:http";
import type { AddressInfo, LookupFunction } from "node:net";
import { createGuardedLookup, createPublicLookup } from "@outrigger/runtime/forbidden-address";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { askSmall, type SmallReply } from "./small-request.ts";
import { readTokenAnswer } from "./token-answer.ts";

/** What was asked of a server, by path with the credentials that came. */
async function startServer(listener: RequestListener) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.url ?? ""} ${request.headers.authorization ?? ""}`);
    listener(request, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  // A TCP server has an address object.
  return { port: (server.address() as AddressInfo).port, seen };
}

/** A name server that gives these addresses one after another, the last of them from then on. */
function answering(...addresses: readonly string[]): LookupFunction {
  let turn = 0;
  return (_name, options, tell) => {
    const address = addresses[Math.min(turn++, addresses.length - 1)] ?? "";
    if (options.all === true) tell(null, [{ address, family: 4 }]);
    else tell(null, address, 4);
  };
}

const ask = (port: number, lookup: LookupFunction = createGuardedLookup(answering("127.0.0.1"))): Promise<SmallReply> =>
  askSmall({
    ...{ url: new URL(`http://login.test:${port}/token`), headers: ["authorization", "Basic c2VjcmV0"], lookup },
    ...{ body: "grant_type=client_credentials", tls: undefined },
  });

describe("a request to an authorization server", () => {
  it("gives the whole answer", async () => {
    const { port } = await startServer((_request, response) => {
      response.writeHead(503, { "retry-after": "7" }).write("{");
      response.end("}");
    });
    expect(await ask(port)).toEqual({ ok: true, status: 503, body: "{}", retryAfter: "7" });
  });

  it("follows no redirect: its credentials reach nobody else, and the answer gives no token", async () => {
    const other = await startServer((_request, response) => response.end("{}"));
    const { port, seen } = await startServer((_request, response) =>
      response.writeHead(307, { location: `http://127.0.0.1:${other.port}/token` }).end(),
    );
    const reply = await ask(port);
    expect(reply).toMatchObject({ ok: true, status: 307 });
    expect(reply.ok && readTokenAnswer(reply)).toMatchObject({ ok: false, kind: "Unavailable" });
    expect([seen, other.seen]).toEqual([["/token Basic c2VjcmV0"], []]);
  });

  it("takes no more of an answer than a token can have", async () => {
    let hasEnded = false;
    const { port } = await startServer((_request, response) => {
      response.on("close", () => (hasEnded = true));
      const pour = (): void => {
        while (!response.destroyed && response.write("x".repeat(65_536)));
      };
      response.on("drain", pour);
      pour();
    });
    expect(await ask(port)).toEqual({ ok: false, message: "an answer of more than 262144 bytes" });
    await vi.waitFor(() => expect(hasEnded).toBe(true));
  });

  it("waits for ten seconds and no longer, also for one that never ends", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const heads: (() => void)[] = [];
    const arrived = new Promise<void>((resolve) => heads.push(resolve));
    const { port } = await startServer((_request, response) => {
      response.writeHead(200).write("{");
      heads[0]?.();
    });
    const reply = ask(port);
    await arrived;
    vi.advanceTimersByTime(10_000);
    expect(await reply).toEqual({ ok: false, message: "no answer within 10 s" });
  });

  it("that is cut off, or never answered in HTTP, says so in words and rejects nothing", async () => {
    const cut = await startServer((_request, response) => {
      response.writeHead(200, { "content-length": "10" }).write("{");
      response.socket?.end();
    });
    expect(await ask(cut.port)).toMatchObject({ ok: false });
    const strange = await startServer((request) => request.socket.end("SSH-2.0-server\r\n"));
    expect(await ask(strange.port)).toMatchObject({ ok: false });
  });
});

describe("F-161 the name of an authorization server", () => {
  it("is looked up for each request: one that comes to stand for a metadata service is not asked again", async () => {
    const { port, seen } = await startServer((_request, response) => response.end("{}"));
    const lookup = createGuardedLookup(answering("127.0.0.1", "169.254.169.254"));
    expect(await ask(port, lookup)).toMatchObject({ ok: true, status: 200 });
    expect(await ask(port, lookup)).toMatchObject({
      ok: false,
      message: expect.stringContaining("169.254.169.254, which is no server's address") as unknown,
    });
    expect(seen).toHaveLength(1);
  });

  it("that nobody named as private is not connected to where it stands for a private address", async () => {
    const { port, seen } = await startServer((_request, response) => response.end("{}"));
    expect(await ask(port, createPublicLookup(answering("127.0.0.1")))).toMatchObject({
      ok: false,
      message: expect.stringContaining("login.test stands for 127.0.0.1") as unknown,
    });
    expect(seen).toEqual([]);
  });
});
