/** Streams of the server's own messages through the running sidecar, with clients of both SDK generations: news of changed policy, and the end. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readFeedState } from "@outrigger/api/feed";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectLegacy, connectModern, openSession } from "../fixtures/mcp-clients.ts";
import { connectOlderV1 } from "../fixtures/older-clients.ts";
import { createPrograms, type Programs } from "../fixtures/programs.ts";
import { startRealSidecar, type RealSidecar } from "../fixtures/real-sidecar.ts";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const conformanceServer = fileURLToPath(new URL("../fixtures/conformance-server/main.ts", import.meta.url));
const everything = fileURLToPath(
  new URL("../../node_modules/@modelcontextprotocol/server-everything/dist/index.js", import.meta.url),
);

const servers = createPrograms();
const policyFile = join(nameFileFolder("sidecar-streams"), "policy.json");
let listening: string;

beforeAll(async () => {
  listening = await servers.start(["--conditions=outrigger-source", conformanceServer], (line) => {
    return (JSON.parse(line) as { listening?: string }).listening;
  });
}, 60_000);
afterAll(() => servers.endAll());
beforeEach(() => changePolicy({}));

const changePolicy = (policy: object): Promise<void> => writeFile(policyFile, JSON.stringify(policy));

/** Starts a sidecar that has listed its server; `programs.endAll()` sends it SIGTERM. */
async function start(flags: readonly string[]): Promise<{ programs: Programs; sidecar: RealSidecar }> {
  const programs = createPrograms({ endWithinMs: 20_000 });
  const sidecar = await startRealSidecar(programs, "streams", ["--policy", policyFile, ...flags]);
  await waitFor("the server is listed", async () => {
    const response = await fetch(`${sidecar.controlUrl}/v1/feed`);
    const reader = response.body?.getReader();
    const first = Buffer.from((await reader?.read())?.value ?? []).toString("utf8");
    await reader?.cancel();
    const data = /^data: (.*)$/m.exec(first)?.[1];
    return data !== undefined && readFeedState(JSON.parse(data))?.digest !== undefined;
  });
  return { programs, sidecar };
}

describe.each([
  ["a server over HTTP", () => ["--upstream", listening], "test_simple_text"],
  ["a server of stdio", () => ["--", process.execPath, everything, "stdio"], "echo"],
])("before %s", (_name, flags, tool) => {
  it("clients of SDK v1, also over the older transport, hear that policy changed their list and then don't see the tool", async () => {
    const { programs, sidecar } = await start(flags());
    const told = { legacy: 0, older: 0 };
    const legacy = await connectLegacy(sidecar.dataUrl);
    const older = await connectOlderV1(sidecar.dataUrl.replace(/\/mcp$/, "/sse"));
    legacy.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      told.legacy++;
    });
    older.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      told.older++;
    });
    const names = async (): Promise<string[]> => (await legacy.listTools()).tools.map(({ name }) => name);
    expect(await names()).toContain(tool);
    await changePolicy({ tools: { deny: [tool] } });
    await waitFor("both are told", () => told.legacy > 0 && told.older > 0);
    expect(await names()).not.toContain(tool);
    await Promise.all([legacy.close(), older.close()]);
    await programs.endAll();
  });
});

it("a client of SDK v2 hears of it on its subscription, which ends gracefully with the sidecar", async () => {
  const { programs, sidecar } = await start(["--upstream", listening]);
  const client = await connectModern(sidecar.dataUrl);
  let told = 0;
  client.setNotificationHandler("notifications/tools/list_changed", () => {
    told++;
  });
  const subscription = await client.listen({ toolsListChanged: true });
  await changePolicy({ tools: { deny: ["test_simple_text"] } });
  await waitFor("it is told", () => told > 0);
  await programs.endAll();
  expect(await subscription.closed).toBe("graceful");
  await client.close();
});

it("SIGTERM ends the stream of a session with a hint to come again and its last byte", async () => {
  const { programs, sidecar } = await start(["--upstream", listening]);
  const headers = { ...(await openSession(sidecar.dataUrl)), accept: "text/event-stream" };
  const stream = await fetch(sidecar.dataUrl, { headers });
  expect(stream.status).toBe(200);
  const [text] = await Promise.all([stream.text(), programs.endAll()]);
  expect(text.endsWith("retry: 1000\n: this stream ends in order; open it again\n\n")).toBe(true);
});
