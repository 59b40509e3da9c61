import { createServer, type ServerResponse } from "node:http";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { followFeed, type ServerReport } from "./feed.ts";

const digest = "a".repeat(64);
const readers = new Set<ServerResponse>();
const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(request.url ?? "");
  if (request.url === "/v1/feed") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    readers.add(response.on("close", () => readers.delete(response)));
    response.write(": hello\n\n");
    return;
  }
  const lists = { tools: [{ name: "a" }, { name: "b" }], prompts: [], resources: [], resourceTemplates: [] };
  response.end(JSON.stringify({ digest, ...lists, limited: false }));
});
let base: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A TCP server that listens has an address object.
  base = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterAll(() => server.closeAllConnections());

const stateOf = (health: string, over: Record<string, unknown> = {}): string => {
  const part = { reason: "Serving", message: "", sinceMs: 0, atMs: 0, hash: "" };
  const state = {
    format: 1,
    server: "s",
    health: { ...part, state: health },
    identity: {},
    catalogue: part,
    policy: { ...part, enforces: { limits: [], maxRequestBytes: 1, maxResponseBytes: 1 } },
  };
  return JSON.stringify({ ...state, ...over });
};
const tell = (...told: Parameters<typeof stateOf>): void => {
  for (const reader of readers) reader.write(`event: state\ndata: ${stateOf(...told)}\n\n`);
};
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 20 });

it("tells each state with its number of tools, and comes back after a break", async () => {
  const reports: ServerReport[] = [];
  const end = followFeed(base, (report) => reports.push(report));
  await until(() => expect(readers.size).toBe(1));
  tell("Initializing");
  await until(() =>
    expect(reports.at(-1)).toMatchObject({ state: { health: { state: "Initializing" } }, tools: undefined }),
  );
  for (const reader of readers) reader.write("event: state\ndata: {not json\n\nevent: other\ndata: {}\n\n");
  tell("Ready", { digest });
  await until(() => expect(reports.at(-1)).toMatchObject({ state: { health: { state: "Ready" } }, tools: 2 }));
  tell("Degraded", { digest });
  await until(() => expect(reports).toHaveLength(3));
  expect(asked.filter((url) => url.startsWith("/v1/catalogues/"))).toEqual([`/v1/catalogues/${digest}`]);

  const [broken] = readers;
  broken?.destroy();
  await until(() => expect([...readers].filter((reader) => reader !== broken)).toHaveLength(1));
  tell("Dead", { digest });
  await until(() => expect(reports.at(-1)).toMatchObject({ state: { health: { state: "Dead" } }, tools: 2 }));

  end();
  await until(() => expect(readers.size).toBe(0));
});

it("tells the state that a stream of CR lines ends with, and never half a state", async () => {
  const reports: ServerReport[] = [];
  const end = followFeed(base, (report) => reports.push(report));
  for (const [health, lineEnd] of [
    ["Ready", "\r\r"],
    ["Dead", "\r"],
  ] as const) {
    await until(() => expect(readers.size).toBe(1));
    const [reader] = readers;
    reader?.end(`event: state\rdata: ${stateOf(health)}${lineEnd}`);
    await until(() => expect(readers.has(reader!)).toBe(false));
  }
  await until(() => expect(readers.size).toBe(1));
  expect(reports.map(({ state }) => state.health.state)).toEqual(["Ready"]);
  end();
  await until(() => expect(readers.size).toBe(0));
});
