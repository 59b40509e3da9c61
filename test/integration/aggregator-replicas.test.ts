/** Sessions of legacy clients at three replicas of the aggregator that share a key and nothing else. */
import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { makeTool, startFakeSidecar, type FakeSidecar } from "../fixtures/fake-sidecar/sidecar.ts";
import { connectLegacy, openSession, postRaw, textOf } from "../fixtures/mcp-clients.ts";
import { connectOlderV1 } from "../fixtures/older-clients.ts";
import { startReplicas, type Replica, type Replicas } from "../fixtures/replicas.ts";
import { startRoundRobin } from "../fixtures/round-robin.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const ends: (() => unknown)[] = [];
let files: FakeSidecar;
let replicas: Replicas;
let first: Replica;
let second: Replica;
let third: Replica;

beforeAll(async () => {
  files = await startFakeSidecar("files", { tools: [makeTool("read_file", "Reads a file."), makeTool("search")] });
  replicas = await startReplicas({ servers: { files: files.entry() }, flags: ["--mode", "direct"] });
  [first, second, third] = replicas.all as [Replica, Replica, Replica];
}, 180_000);

/** Each test finds three replicas that run under the first key. */
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await replicas.writeKeys([replicas.firstKey]);
  await Promise.all(replicas.all.filter((replica) => !replica.isRunning()).map((replica) => replica.start()));
});

afterAll(async () => {
  await replicas.close();
  await files.close();
});

/** What is added to a series from now on. */
async function countFrom(replica: Replica, series: string): Promise<() => Promise<number>> {
  const before = await replica.metric(series);
  return async () => (await replica.metric(series)) - before;
}

const call = (id: number): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "files__read_file", arguments: {} } });
const mcp = ({ url }: Replica): string => `${url}/mcp`;

/** Opens a stream and reads its text as it comes. */
async function openStream(url: string, headers: Record<string, string>) {
  const gone = new AbortController();
  ends.push(() => gone.abort());
  const response = await fetch(url, { headers: { accept: "text/event-stream", ...headers }, signal: gone.signal });
  const state = { status: response.status, text: "", isOver: false };
  void (async () => {
    for await (const chunk of response.body ?? []) state.text += Buffer.from(chunk).toString("utf8");
    state.isOver = true;
  })().catch(() => (state.isOver = true));
  return { state, cut: () => gone.abort() };
}

describe("F-077 a session of three replicas", () => {
  it("is one session at each of them: calls, news and its end", async () => {
    const openAtServer = files.data.sessions.size;
    const passedOn = await countFrom(second, 'forwarded_requests_total{result="answered"}');
    const opened = [await countFrom(first, "sessions"), await countFrom(second, "sessions")];
    const session = await openSession(mcp(first));
    for (const replica of [second, third, first, second]) {
      const answer = await postRaw(mcp(replica), call(2), session);
      expect(answer.status).toBe(200);
      expect(answer.messages.at(-1)).toMatchObject({ id: 2, result: {} });
    }
    // One session with the server, since one replica has served them all.
    expect(files.data.sessions.size - openAtServer).toBe(1);
    expect(await passedOn()).toBe(2);
    expect(await Promise.all(opened.map((count) => count()))).toEqual([1, 0]);

    const { state } = await openStream(mcp(third), session);
    expect(state.status).toBe(200);
    files.control.list([makeTool("read_file"), makeTool("write_file")]);
    await waitFor("the news on a stream through another replica", () => state.text.includes("tools/list_changed"));

    expect((await fetch(mcp(second), { method: "DELETE", headers: session })).status).toBe(200);
    await waitFor("the end of the stream", () => state.isOver);
    for (const replica of replicas.all) expect((await postRaw(mcp(replica), call(3), session)).status).toBe(404);
  });

  it("goes on when its replica is killed, at one of the others, and after all of them were replaced", async () => {
    const session = await openSession(mcp(first));
    expect((await postRaw(mcp(second), call(2), session)).status).toBe(200);
    const counts = await Promise.all([second, third].map((each) => countFrom(each, "sessions_moved_total")));
    await first.kill();
    for (const replica of [second, third, second]) {
      expect((await postRaw(mcp(replica), call(3), session)).messages.at(-1)).toMatchObject({ id: 3, result: {} });
    }
    const moved = await Promise.all(counts.map((count) => count()));
    expect(moved.toSorted()).toEqual([0, 1]);

    await first.start();
    for (const replica of [second, third]) {
      await replica.kill();
      await replica.start();
    }
    for (const replica of replicas.all) {
      expect((await postRaw(mcp(replica), call(4), session)).messages.at(-1)).toMatchObject({ id: 4, result: {} });
    }
  });

  it("goes on for SDK clients through a balancer that sends each connection elsewhere", async () => {
    const balancer = await startRoundRobin(replicas.all.map(({ port }) => port));
    ends.push(() => balancer.close());
    const client = await connectLegacy(`http://127.0.0.1:${balancer.port}/mcp`, { connection: "close" });
    ends.push(() => client.close());
    for (let round = 0; round < 6; round++) {
      expect((await client.listTools()).tools.length).toBeGreaterThan(0);
      expect(textOf(await client.callTool({ name: "files__read_file", arguments: {} }))).not.toBe("");
    }
    await second.kill();
    for (let round = 0; round < 6; round++) {
      expect(textOf(await client.callTool({ name: "files__read_file", arguments: {} }))).not.toBe("");
    }
  });

  it("is nobody's who has made up, changed or cut its id, at any endpoint, and is told apart by why", async () => {
    const session = await openSession(mcp(first));
    const { "mcp-session-id": id = "" } = session;
    expect(id).toMatch(/^[\w-]{100,2048}$/);
    const unsealed = await countFrom(second, 'session_handles_refused_total{reason="unsealed"}');
    const foreign = await countFrom(second, 'session_handles_refused_total{reason="foreign"}');
    const swapped = id.slice(0, 40) + (id[40] === "A" ? "B" : "A") + id.slice(41);
    for (const wrong of ["made-up", swapped, id.slice(0, -4), `${id}AAAA`, randomBytes(200).toString("base64url")]) {
      expect((await postRaw(mcp(second), call(2), { ...session, "mcp-session-id": wrong })).status).toBe(404);
    }
    expect(await unsealed()).toBe(5);
    const posted = await postRaw(`${second.url}/mcp/messages?sessionId=${id}`, call(2));
    expect(posted.status).toBe(404);
    expect(await foreign()).toBe(1);
    expect((await postRaw(mcp(second), call(2), session)).status).toBe(200);
  });

  it("outlives the replacement of its key as long as the old one is kept, and no longer", async () => {
    const session = await openSession(mcp(first));
    const next = randomBytes(32).toString("base64");
    await replicas.writeKeys([next, replicas.firstKey]);
    const young = await waitFor("handles under the new key", async () => {
      const opened = await openSession(mcp(second));
      // The first letters say which key has sealed.
      return opened["mcp-session-id"]?.slice(0, 5) === session["mcp-session-id"]?.slice(0, 5) ? undefined : opened;
    });
    expect((await postRaw(mcp(third), call(2), session)).status).toBe(200);
    await replicas.writeKeys([next]);
    await waitFor("the end of the old key", async () => (await postRaw(mcp(first), call(3), session)).status === 404);
    await waitFor("the new key everywhere", async () => (await postRaw(mcp(first), call(4), young)).status === 200);
    await replicas.writeKeys([replicas.firstKey, next]);
    for (const replica of replicas.all) {
      await waitFor("the first key again", async () => {
        const opened = await openSession(mcp(replica));
        return opened["mcp-session-id"]?.slice(0, 5) === session["mcp-session-id"]?.slice(0, 5);
      });
    }
  });

  it("reads on after a broken connection what was sent since, from whichever replica it comes back to", async () => {
    const session = await openSession(mcp(first));
    const one = await openStream(mcp(second), session);
    files.control.list([makeTool("read_file"), makeTool("one")]);
    const lastId = await waitFor("an event with an id", () => /^id: (\S+)$/m.exec(one.state.text)?.[1]);
    one.cut();
    files.control.list([makeTool("read_file"), makeTool("two")]);
    await waitFor("the new list", async () =>
      (await postRaw(mcp(first), listTools, session)).text.includes("files__two"),
    );
    const resumed = await waitFor("the stream to be free", async () => {
      const stream = await openStream(mcp(third), { ...session, "last-event-id": lastId });
      return stream.state.status === 200 ? stream : undefined;
    });
    await waitFor("what was missed", () => resumed.state.text.includes("tools/list_changed"));

    // What was kept is lost with its replica: the stream begins anew, with the advice to read the lists again.
    await first.kill();
    await waitFor("the end of the stream", () => resumed.state.isOver);
    const anew = await openStream(mcp(third), { ...session, "last-event-id": lastId });
    expect(anew.state.status).toBe(200);
    await waitFor("the advice", () => anew.state.text.includes("tools/list_changed"));
  });

  it("has its stream ended in order with a replica that is told to end, and goes on elsewhere", async () => {
    const session = await openSession(mcp(first));
    const stream = await openStream(mcp(second), session);
    await first.stop();
    await waitFor("the end of the stream", () => stream.state.isOver);
    expect((await postRaw(mcp(second), call(2), session)).status).toBe(200);
    expect((await openStream(mcp(third), session)).state.status).toBe(200);
  });

  it("takes nothing on its port for replicas but what a replica vouches for", async () => {
    const session = await openSession(mcp(first));
    const answer = await postRaw(`${first.peerUrl}/mcp`, call(2), session);
    expect([answer.status, answer.headers.get("outrigger-hop")]).toEqual([401, "unsealed"]);
    const forged = { ...session, "outrigger-hop": randomBytes(120).toString("base64url") };
    expect((await postRaw(`${first.peerUrl}/mcp`, call(2), forged)).status).toBe(401);
  });
});

it("F-077 a stream of the older transport takes messages at every replica, and ends with its own", async () => {
  const balancer = await startRoundRobin(replicas.all.map(({ port }) => port));
  ends.push(() => balancer.close());
  const client = await connectOlderV1(`http://127.0.0.1:${balancer.port}/sse`, { connection: "close" });
  ends.push(() => client.close());
  for (let round = 0; round < 6; round++) {
    expect(textOf(await client.callTool({ name: "files__read_file", arguments: {} }))).not.toBe("");
  }
  const stream = await openStream(`${first.url}/sse`, {});
  const path = await waitFor("the endpoint", () => /data: (\S+)/.exec(stream.state.text)?.[1]);
  expect((await postRaw(second.url + path, call(2))).status).toBe(202);
  await waitFor("the answer", () => stream.state.text.includes('"id":2'));
  await first.kill();
  expect((await postRaw(second.url + path, call(3))).status).toBe(404);
});

const listTools = JSON.stringify({ jsonrpc: "2.0", id: 9, method: "tools/list" });
