import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { withConnections } from "./connection.ts";
import { createIds, idPlaceholder, type Target } from "./request.ts";
import { runClosed, runOpen } from "./run.ts";
import { openStreams } from "./stream.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Target> {
  const server = createServer(answer);
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // It listens on a port, so its address is no path.
  return { name: "somebody", port: (server.address() as AddressInfo).port, headers: { "X-Own": "yes" } };
}

const load = { name: "test", body: `{"id":${idPlaceholder},"text":"${"y".repeat(100_000)}"}`, answerHas: "fine" };

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  // Without an encoding a request gives buffers.
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe("load", () => {
  it("in a closed loop sends whole requests with ids of their own, and counts each answer", async () => {
    const ids: number[] = [];
    const target = await serve((request, response) => {
      void readBody(request).then((body) => {
        ids.push((JSON.parse(body) as { readonly id: number }).id);
        response.end(request.headers["x-own"] === "yes" ? "fine" : "no header");
      });
    });
    const run = await withConnections({ target, load, connections: 4 }, (opened) => runClosed(opened, 0.2));
    expect(run.answered).toBeGreaterThan(4);
    expect(run.seconds).toBeGreaterThanOrEqual(0.2);
    expect([ids.length, new Set(ids).size]).toEqual([run.answered, run.answered]);
  });

  it.each(["spinning", "by timer"] as const)(
    "in an open loop, %s, counts latency from the time at which a request was due, not from when it could be sent",
    async (wait) => {
      const waiting: (() => void)[] = [];
      const target = await serve((_request, response) => {
        waiting.push(() => response.end("fine"));
        // The first ten wait for each other; one connection takes one at a time.
        if (waiting.length >= 10 || waiting.length === 0) for (const answer of waiting) answer();
      });
      const latencies = await withConnections({ target, load, connections: 10 }, (opened) =>
        runOpen(opened, { perSecond: 100, seconds: 0.1, wait }),
      );
      expect(latencies).toHaveLength(10);
      // The first was due 90 ms before the last one came.
      expect(latencies.at(-1)).toBeGreaterThan(85_000);
      expect(latencies).toEqual(latencies.toSorted((a, b) => a - b));
    },
  );

  it.each([
    ["a wrong answer", (response: ServerResponse) => response.writeHead(503).end("fine"), "503"],
    ["a connection that ends", (response: ServerResponse) => response.destroy(), "closed"],
  ])("fails on %s", async (_what, spoil, why) => {
    let count = 0;
    const target = await serve((request, response) => {
      void readBody(request).then(() => (++count > 3 ? spoil(response) : response.end("fine")));
    });
    const run = withConnections({ target, load, connections: 2 }, (opened) => runClosed(opened, 20));
    await expect(run).rejects.toThrow(new RegExp(`^somebody, .*${why}`, "s"));
  });

  it("gives no id twice and keeps their width", () => {
    const next = createIds();
    const ids = Array.from({ length: 1_000 }, next);
    expect(new Set(ids).size).toBe(1_000);
    expect(ids.every((id) => String(id).length === idPlaceholder.length)).toBe(true);
  });
});

describe("streams", () => {
  it("are opened up to the one that is refused, and those that end by themselves are counted", async () => {
    const open: ServerResponse[] = [];
    const target = await serve((_request, response) => {
      if (open.length >= 3) response.writeHead(503).end();
      else {
        open.push(response);
        response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      }
    });
    const streams = await openStreams({ target, count: 5, query: "idle=1", reading: "read" });
    expect([streams.count, streams.ended()]).toEqual([3, 0]);
    expect(streams.refused).toContain("503");
    open[0]?.end();
    await expect.poll(streams.ended).toBe(1);
    streams.close();
  });
});
