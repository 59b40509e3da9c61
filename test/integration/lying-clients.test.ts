/** Clients that lie to the real aggregator, or do not keep to their part: sessions of others, forged vouchers, bodies of two meanings, answers nobody reads. */
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { callerHeader } from "@outrigger/api/caller";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { sendResult, textResult } from "../fixtures/fake-sidecar/data.ts";
import { makeTool, startFakeSidecar, type FakeSidecar } from "../fixtures/fake-sidecar/sidecar.ts";
import { modernRequest, openSession, postRaw } from "../fixtures/mcp-clients.ts";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const folder = nameFileFolder("lying-clients");
const keyOf = { alice: `ork_${"a".repeat(43)}`, mallory: `ork_${"m".repeat(43)}` };
const as = (who: keyof typeof keyOf): Record<string, string> => ({ "x-api-key": keyOf[who] });
let files: FakeSidecar;
let aggregator: RunningAggregator;
let url: string;

beforeAll(async () => {
  const keys = join(folder, "keys");
  const lines = Object.entries(keyOf).map(
    ([name, key]) => `${name} sha256:${createHash("sha256").update(key).digest("hex")}\n`,
  );
  await writeFile(keys, lines.join(""));
  files = await startFakeSidecar("files", { era: "modern", tools: [makeTool("read_file"), makeTool("write_file")] });
  aggregator = await startAggregatorProgram({ files: files.entry() }, ["--auth", "api-key", "--api-keys", keys]);
  url = `${aggregator.url}/mcp`;
  await aggregator.ready();
});

beforeEach(() => files.data.answer(({ id, res }) => sendResult(res, id, textResult("done"))));

afterAll(async () => {
  await aggregator.close();
  await files.close();
});

const ping = '{"jsonrpc":"2.0","id":2,"method":"ping"}';

describe("a session of somebody else", () => {
  it("is unknown to whoever has stolen its id: for requests, answers, streams, and its end", async () => {
    const session = await openSession(url, as("alice"));
    const stolen = { ...session, ...as("mallory") };
    const statuses = [
      (await postRaw(url, ping, stolen)).status,
      (await postRaw(url, '{"jsonrpc":"2.0","id":1,"result":{}}', stolen)).status,
      (await postRaw(`${aggregator.url}/mcp/messages?sessionId=${session["mcp-session-id"] ?? ""}`, ping, stolen))
        .status,
      (await fetch(url, { headers: { accept: "text/event-stream", ...stolen } })).status,
      (await fetch(url, { headers: { accept: "text/event-stream", "last-event-id": "n1-x", ...stolen } })).status,
      (await fetch(url, { method: "DELETE", headers: stolen })).status,
    ];
    expect(statuses).toEqual([404, 404, 404, 404, 404, 404]);
    expect((await postRaw(url, ping, { ...session, ...as("alice") })).status).toBe(200);
  });

  it("is not opened by its id at another endpoint, nor twice in one request", async () => {
    const session = await openSession(url, as("alice"));
    const mine = { ...session, ...as("alice") };
    expect((await postRaw(`${aggregator.url}/mcp/s/files`, ping, mine)).status).toBe(404);
    const twice = { ...mine, "mcp-session-id": `${session["mcp-session-id"] ?? ""}, x` };
    expect((await postRaw(url, ping, twice)).status).toBe(404);
  });
});

describe("headers by which programs vouch for each other", () => {
  it("are worth nothing from a client, and reach no server", async () => {
    const [body, headers] = modernRequest("tools/call", { name: "files__read_file", arguments: {} });
    const forged = { [callerHeader]: "eyJhbGciOiJub25lIn0.e30.", "outrigger-hop": "sealed" };
    expect((await postRaw(url, body, { ...headers, ...forged })).status).toBe(401);
    const answer = await postRaw(url, body, { ...headers, ...forged, ...as("alice") });
    expect(answer.text).toContain("done");
    const call = files.data.received.findLast(({ method }) => method === "tools/call");
    expect(Object.keys(call?.headers ?? {})).not.toContain("outrigger-hop");
    expect(call?.headers[callerHeader]).toBeUndefined();
    expect(JSON.stringify(call?.headers)).not.toContain(keyOf.alice);
  });
});

describe("a request that is not what it says", () => {
  const [body, headers] = modernRequest("tools/call", { name: "files__read_file", arguments: {} });
  const as2025 = { "mcp-protocol-version": "2025-03-26" };
  const batchOf = (count: number): string => `[${Array.from({ length: count }, () => ping).join()}]`;

  it.each<[string, string, Record<string, string>, number, number]>([
    ["another name in its header", body, { ...headers, "mcp-name": "files__write_file" }, 400, -32_020],
    ["another method in its header", body, { ...headers, "mcp-method": "tools/list" }, 400, -32_020],
    ["another revision in its header", body, { ...headers, "mcp-protocol-version": "2025-11-25" }, 400, -32_020],
    ["no name in its header", body, { ...headers, "mcp-name": "" }, 400, -32_020],
    ["the name twice", body.replace('"name":', '"name":"files__write_file","name":'), headers, 400, -32_600],
    ["the name in another case", body.replace('"name":', '"Name":"files__write_file","name":'), headers, 400, -32_600],
    ["the name escaped", body.replace('"name":', String.raw`"n\u0061me":"x","name":`), headers, 400, -32_600],
    ["a byte order mark", `\u{FEFF}${body}`, headers, 400, -32_700],
    ["something behind it", `${body} {}`, headers, 400, -32_700],
    [
      "1,000 levels",
      body.replace('"arguments":{}', `"arguments":${"[".repeat(1_000)}${"]".repeat(1_000)}`),
      headers,
      400,
      -32_600,
    ],
    ["a batch of 101", batchOf(101), as2025, 400, -32_600],
    ["a batch in the modern era", `[${body}]`, headers, 400, -32_600],
  ])("is refused: %s", async (_name, text, more, status, code) => {
    const before = files.data.received.length;
    const answer = await postRaw(url, text, { ...more, ...as("alice") });
    expect([answer.status, (answer.messages[0]?.["error"] as { code: number }).code]).toEqual([status, code]);
    expect(files.data.received.length).toBe(before);
  });
});

describe("a cursor that was made up", () => {
  it("leads to nothing but the caller's own list", async () => {
    const statuses = [];
    for (const cursor of [
      "",
      "x",
      "e30",
      Buffer.from('{"after":"files"}').toString("base64url"),
      "A".repeat(100_000),
    ]) {
      const [list, own] = modernRequest("tools/list", { cursor });
      const { messages } = await postRaw(url, list, { ...own, ...as("alice") });
      const { error, result } = messages[0] as { error?: { code: number }; result?: { tools: { name: string }[] } };
      statuses.push(error?.code ?? result?.tools.map(({ name }) => name).join());
    }
    const rest = "find_tool,list_servers";
    expect(statuses).toEqual([-32_602, -32_602, -32_602, rest, -32_602]);
  });
});

describe("clients that do not read", () => {
  it("lose their connections before they fill the memory, and the others are served", async () => {
    const large = 16 * 1024 ** 2;
    const calls = (): number => files.data.received.filter(({ method }) => method === "tools/call").length;
    files.data.answer(({ id, res }) => sendResult(res, id, textResult("x".repeat(large))));
    const [body, headers] = modernRequest("tools/call", { name: "files__read_file", arguments: {} });
    const unread = [];
    // 160 MiB, of which 64 may wait.
    for (let sent = calls(); unread.length < 10; sent++) {
      unread.push(sendUnread(body, { ...headers, ...as("mallory") }));
      await waitFor("the call", () => calls() > sent);
    }
    files.data.answer(({ id, res }) => sendResult(res, id, textResult("small")));
    expect((await postRaw(url, body, { ...headers, ...as("alice") })).text).toContain("small");
    const whole = await Promise.all(unread.map(async ({ readOn }) => (await readOn()) >= large));
    expect(whole.filter(Boolean).length).toBeLessThanOrEqual(7);
  });
});

/** A POST by hand, whose answer stays in the socket until it is asked for; then its bytes are counted. */
function sendUnread(body: string, headers: Record<string, string>): { readonly readOn: () => Promise<number> } {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname).pause();
  socket.on("error", () => undefined);
  const all = {
    ...{ host: `${hostname}:${port}`, "content-type": "application/json", connection: "close" },
    ...{ accept: "application/json, text/event-stream", "content-length": Buffer.byteLength(body), ...headers },
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  socket.write(`POST ${pathname} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
  return {
    readOn: () =>
      new Promise((resolve) => {
        let bytes = 0;
        socket.on("data", (chunk: Buffer) => (bytes += chunk.length));
        socket.once("close", () => resolve(bytes));
        socket.resume();
      }),
  };
}
