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

const tell = (health: string, over: Record<string, unknown> = {}): void => {
  const part = { reason: "Serving", message: "", sinceMs: 0, atMs: 0, hash: "" };
  const state = {
    format: 1,
    server: "s",
    health: { ...part, state: health },
    identity: {},
    catalogue: part,
    policy: part,
  };
  for (const reader of readers) reader.write(`event: state\ndata: ${JSON.stringify({ ...state, ...over })}\n\n`);
};
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 5_000, interval: 20 });

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
