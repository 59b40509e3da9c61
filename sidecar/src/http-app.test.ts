/** One app on several addresses: the same answers and limits on each, and one end for all. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { createHttpApp } from "./http-app.ts";

const anywhere = { host: "127.0.0.1", port: 0 };

function open(onClose?: () => void) {
  const app = createHttpApp({
    handle: (request, response) => void response.end(`asked for ${request.url ?? ""}`),
    limits: { requestTimeout: 12_000 },
    ...(onClose === undefined ? {} : { beforeClose: onClose }),
  });
  onTestFinished(() => app.close());
  return app;
}

describe("an app", () => {
  it("answers on every address with the limits of the first", async () => {
    const app = open();
    const guarded: Server[] = [];
    const guard = (server: Server): void => void guarded.push(server);
    const origins = [await app.listen(anywhere, guard), await app.listen(anywhere, guard)];
    const texts = origins.map(async (origin) => (await fetch(`${origin}/a`)).text());
    expect(await Promise.all(texts)).toEqual(["asked for /a", "asked for /a"]);
    expect(new Set(origins).size).toBe(2);
    expect(guarded[0]).toBe(app.server);
    expect(guarded.map(({ requestTimeout }) => requestTimeout)).toEqual([12_000, 12_000]);
  });

  it("rejects with the system's error where an address is taken, and takes the next one", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    onTestFinished(() => void taken.close());
    const app = open();
    // A TCP server's address.
    const { port } = taken.address() as AddressInfo;
    await expect(app.listen({ host: "127.0.0.1", port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    const origin = await app.listen(anywhere);
    expect((await fetch(origin)).status).toBe(200);
  });

  it("ends what goes on, every connection and every listener", async () => {
    const ended: string[] = [];
    const app = open(() => void ended.push("streams"));
    const origins = [await app.listen(anywhere), await app.listen(anywhere)];
    const idle = origins.map((origin) => connect({ host: "127.0.0.1", port: Number(new URL(origin).port) }));
    await Promise.all(idle.map((socket) => once(socket, "connect")));
    const gone = idle.map((socket) => once(socket.resume(), "close"));
    await app.close();
    await Promise.all(gone);
    expect(ended).toEqual(["streams"]);
    for (const origin of origins) await expect(fetch(origin)).rejects.toThrow();
  });
});
