import type { RequestListener } from "node:http";
import { describe, expect, it, vi } from "vitest";
import { startInProcess } from "../testing/in-process.ts";
import { callOf, post, serveAnswers } from "../testing/post.ts";

/** A server that sends a comment every 20 ms and never answers; `left`: calls that were broken off. */
function serveEndless() {
  let left = 0;
  const handler: RequestListener = (request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const beat = setInterval(() => response.write(": beat\n\n"), 20);
    response.on("close", () => {
      clearInterval(beat);
      if (request.headers["x-test"] !== undefined) left++;
    });
  };
  return { handler, left: () => left };
}

const silent = () => serveAnswers(() => new Promise<object>(() => undefined)).handler;

async function readStream(url: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, ...callOf("t") });
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "x-test": "1", ...headers },
    body,
  });
  return response.text();
}

describe("the time of a whole call", () => {
  it("ends a call that is never silent, with an error that says why, and the server's part of it", async () => {
    const server = serveEndless();
    const { url } = await startInProcess({ handler: server.handler, flags: ["--call-deadline", "1s"] });
    const text = await readStream(url);
    expect(text).toContain(": beat");
    expect(text).toContain('"reason":"UpstreamTimeout"');
    expect(text).toContain("The call may take no longer, after 1 seconds.");
    await vi.waitFor(() => expect(server.left()).toBe(1));
  });

  it("is shorter where the caller has less time left, and never longer", async () => {
    const { url } = await startInProcess({ handler: silent(), flags: ["--call-deadline", "1s"] });
    for (const [asked, atLeastMs, atMostMs] of [
      ["200", 150, 900],
      ["999999999", 900, 3_000],
    ] as const) {
      const startedMs = performance.now();
      const refused = await post(url, callOf("t"), { "outrigger-timeout-ms": asked });
      expect(refused.message.result).toMatchObject({ _meta: { "outrigger.dev/error": { reason: "UpstreamTimeout" } } });
      expect(performance.now() - startedMs).toBeGreaterThan(atLeastMs);
      expect(performance.now() - startedMs).toBeLessThan(atMostMs);
    }
  });

  it("is told to the server where the caller told it, less what is over of it", async () => {
    const { handler, headers } = serveAnswers(() => ({ result: {} }));
    const { url } = await startInProcess({ handler, flags: ["--call-deadline", "30s"] });
    for (const asked of ["5000", "60000", "soon", "-1"])
      await post(url, callOf("t"), { "outrigger-timeout-ms": asked });
    await post(url, callOf("t"));
    const told = headers.map((each) => each["outrigger-timeout-ms"]);
    expect(told.slice(2)).toEqual([undefined, undefined, undefined]);
    const [first, second] = told.map(Number);
    expect(first).toBeLessThanOrEqual(5_000);
    expect(first).toBeGreaterThan(3_000);
    expect(second).toBeLessThanOrEqual(30_000);
    expect(second).toBeGreaterThan(28_000);
  });

  it("does not bound a stream that is listened to", async () => {
    const server = serveEndless();
    const { url } = await startInProcess({ handler: server.handler, flags: ["--call-deadline", "300ms"] });
    const leaving = new AbortController();
    const stream = await fetch(url, { headers: { accept: "text/event-stream" }, signal: leaving.signal });
    const reader = stream.body?.getReader();
    let beats = 0;
    const startedMs = performance.now();
    while (performance.now() - startedMs < 900) {
      const read = await reader?.read();
      expect(read?.done).toBe(false);
      beats++;
    }
    expect(beats).toBeGreaterThan(10);
    leaving.abort();
  });
});
