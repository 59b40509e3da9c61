import { createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createUnread, type Unread } from "./unread.ts";

const mib = 1024 ** 2;
const patience = { timeout: 30_000 };
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** Responses of a real server, each with the client that it goes to; a client reads once it is told to. */
async function openResponses(
  unread: Unread,
  count: number,
): Promise<{ res: ServerResponse; client: IncomingMessage }[]> {
  const waiting: ServerResponse[] = [];
  const server = createServer((_req, res) => {
    unread.watch(res);
    res.writeHead(200).flushHeaders();
    waiting.push(res);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  ends.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  // A listening TCP server has an address object.
  const { port } = server.address() as AddressInfo;
  const opened = [];
  for (let at = 0; at < count; at++) {
    const client = await new Promise<IncomingMessage>((resolve) => {
      get({ port, host: "127.0.0.1", agent: false }, resolve);
    });
    client.on("error", () => undefined);
    const res = waiting.at(-1);
    if (res === undefined) throw new Error("the server has seen no request");
    opened.push({ res, client });
  }
  return opened;
}

describe("what a client leaves unread", () => {
  it("ends its connection beyond the bound, and nothing more is kept for it", async () => {
    const unread = createUnread({ onOne: 4 * mib, onAll: 64 * mib });
    const [one] = await openResponses(unread, 1);
    let written = 0;
    while (one?.res.destroyed === false && written < 100) {
      one.res.write(Buffer.alloc(mib));
      written++;
    }
    // The bound, the write beyond it, and what the system takes by itself.
    expect(written).toBeLessThan(20);
    await expect.poll(unread.waitingBytes, patience).toBe(0);
  });

  it("counts over all clients: who holds most of too much has to go, who reads does not", async () => {
    const unread = createUnread({ onOne: 64 * mib, onAll: 8 * mib });
    const [reader, small, large] = await openResponses(unread, 3);
    let read = 0;
    reader?.client.on("data", (chunk: Buffer) => (read += chunk.length));
    small?.res.write(Buffer.alloc(5 * mib));
    large?.res.end(Buffer.alloc(24 * mib));
    expect([small?.res.destroyed, large?.res.destroyed]).toEqual([false, true]);
    expect(unread.waitingBytes()).toBeLessThanOrEqual(8 * mib);
    for (let sent = 0; sent < 20; sent++) {
      reader?.res.write(Buffer.alloc(mib));
      await expect.poll(() => read, patience).toBe((sent + 1) * mib);
    }
    expect(reader?.res.destroyed).toBe(false);
  });

  it("is counted no more when it is read after all", async () => {
    const unread = createUnread({ onOne: 64 * mib, onAll: 64 * mib });
    const [late] = await openResponses(unread, 1);
    late?.res.write(Buffer.alloc(16 * mib));
    expect(unread.waitingBytes()).toBeGreaterThan(0);
    late?.client.resume();
    await expect.poll(unread.waitingBytes, patience).toBe(0);
    expect(late?.res.destroyed).toBe(false);
  });
});
