/** Where the benchmark of the aggregator runs: aggregators over upstreams that cost next to nothing, and one load for all subjects. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Agent, request } from "undici";
import type { modernRequest } from "../../fixtures/mcp-clients.ts";
import { startAggregatorProgram, type RunningAggregator } from "../../fixtures/aggregator.ts";
import { startFakeControl } from "../../fixtures/fake-sidecar/control.ts";
import { makeTool } from "../../fixtures/fake-sidecar/sidecar.ts";

/** Ends what was started, the last first. */
export type Ends = (() => Promise<unknown>)[];

/** A page that a plain server answers with, byte for byte. */
export async function startStatic(pages: readonly string[], ends: Ends): Promise<string> {
  let turn = 0;
  const server = createServer((req, res) => {
    req.resume().on("end", () => {
      const body = pages[turn++ % pages.length] ?? "";
      res.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) }).end(body);
    });
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  ends.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  // A server that listens on TCP has this form of address.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

/** A data port that answers every call with one text: what an origin costs is the same for all subjects. */
export async function startOrigin(ends: Ends): Promise<string> {
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => void chunks.push(chunk));
    req.on("end", () => {
      const { id } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { id: unknown };
      const result = { content: [{ type: "text", text: "measured" }], resultType: "complete" };
      res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, result }));
    });
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  ends.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

/** An aggregator in direct mode over servers `s0`, `s1`, … of one origin, each with so many tools. */
export async function startOver(
  origin: string,
  { servers, tools }: { readonly servers: number; readonly tools: number },
  ends: Ends,
): Promise<RunningAggregator> {
  const listed = Array.from({ length: tools }, (_none, at) => makeTool(`tool_${at}`));
  const entries: [string, object][] = [];
  for (let at = 0; at < servers; at++) {
    const control = await startFakeControl(`s${at}`);
    control.tell({ era: "modern", protocolVersion: "2026-07-28" });
    control.list(listed);
    ends.push(() => control.close());
    entries.push([`s${at}`, { url: origin, outrigger: { control: control.url } }]);
  }
  const aggregator = await startAggregatorProgram(Object.fromEntries(entries), ["--mode", "direct"]);
  ends.push(() => aggregator.close());
  await aggregator.ready();
  return aggregator;
}

/** Sends one request and gives its text. Errors: rejects where the answer is not 200 or lacks `has`. */
export async function ask(
  url: string,
  [body, headers]: ReturnType<typeof modernRequest>,
  has: string,
  dispatcher: Agent,
): Promise<string> {
  const answer = await request(url, {
    ...{ dispatcher, method: "POST", body },
    headers: { ...headers, "content-type": "application/json", accept: "application/json, text/event-stream" },
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 200 || !text.includes(has))
    throw new Error(`${url} answered ${answer.statusCode}: ${text.slice(0, 200)}`);
  return text;
}

/** Keeps `connections` busy for so long; gives rounds per second. A round that fails fails the run. */
export async function load(
  round: (dispatcher: Agent) => Promise<unknown>,
  { connections, seconds }: { readonly connections: number; readonly seconds: number },
): Promise<number> {
  const dispatcher = new Agent({ connections });
  const startedMs = performance.now();
  let rounds = 0;
  const busy = Array.from({ length: connections }, async () => {
    while (performance.now() - startedMs < seconds * 1_000) {
      await round(dispatcher);
      rounds++;
    }
  });
  await Promise.all(busy);
  const perSecond = (rounds * 1_000) / (performance.now() - startedMs);
  await dispatcher.destroy();
  return perSecond;
}
