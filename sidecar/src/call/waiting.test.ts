import { writeFile } from "node:fs/promises";
import { describe, expect, it, vi } from "vitest";
import { startInProcess } from "../testing/in-process.ts";
import { callOf, post, postUntil, serveAnswers, type Message } from "../testing/post.ts";

const limit = { name: "one-by-one", maxConcurrency: 1, queue: 2, queueTimeout: "5s" };

/** A server that answers a call when the test says so, by its `tag`. */
function serveHeld() {
  const held = new Map<string, () => void>();
  const server = serveAnswers(async ({ method, params }) => {
    if (method !== "tools/call") return { result: {} };
    const tag = tagOf({ params: params ?? {} });
    await new Promise<void>((resolve) => held.set(tag, resolve));
    return { result: { tag } };
  });
  return {
    handler: server.handler,
    arrived: () => server.arrived.filter(({ method }) => method === "tools/call").map(tagOf),
    answer: (tag: string): void => held.get(tag)?.(),
  };
}

const tagged = (tag: string): Message => callOf("t", { arguments: { tag } });
const tagOf = ({ params }: Message): string => (params?.["arguments"] as { tag: string }).tag;

const queued = (text: string): number => Number(/^outrigger_sidecar_queued_calls (.+)$/m.exec(text)?.[1]);

async function startQueue(limits: readonly object[] = [limit], flags: readonly string[] = []) {
  const server = serveHeld();
  const sidecar = await startInProcess({ handler: server.handler, policy: { limits }, flags });
  const untilQueued = (count: number): Promise<void> =>
    vi.waitFor(async () => expect(queued(await sidecar.metrics())).toBe(count), 5_000);
  const untilArrived = (tags: readonly string[]): Promise<void> =>
    vi.waitFor(() => expect(server.arrived()).toEqual(tags), 5_000);
  return { ...sidecar, ...server, untilQueued, untilArrived };
}

describe("a limit with a queue", () => {
  it("has calls wait for others to end, in the order in which they came", async () => {
    const { url, arrived, answer, untilQueued, untilArrived } = await startQueue();
    const first = post(url, tagged("a"));
    await untilArrived(["a"]);
    const second = post(url, tagged("b"));
    await untilQueued(1);
    const third = post(url, tagged("c"));
    await untilQueued(2);
    expect(arrived()).toEqual(["a"]);
    answer("a");
    await untilArrived(["a", "b"]);
    answer("b");
    await untilArrived(["a", "b", "c"]);
    answer("c");
    const answers = await Promise.all([first, second, third]);
    expect(answers.map(({ message }) => message.result?.["tag"])).toEqual(["a", "b", "c"]);
  });

  it("refuses what has no place in it, with the limit's name and a time to wait, and never asks the server", async () => {
    const { url, answer, arrived, untilQueued, untilArrived } = await startQueue([{ ...limit, queue: 1 }]);
    const first = post(url, tagged("a"));
    await untilArrived(["a"]);
    const second = post(url, tagged("b"));
    await untilQueued(1);
    const refused = await post(url, tagged("c"));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([200, "1"]);
    expect(refused.message.result).toMatchObject({
      isError: true,
      _meta: { "outrigger.dev/error": { reason: "QueueFull", limit: "one-by-one", name: "t", retryAfterMs: 1_000 } },
    });
    answer("a");
    await untilArrived(["a", "b"]);
    answer("b");
    await Promise.all([first, second]);
    expect(arrived()).toEqual(["a", "b"]);
  });

  it("refuses a call that waited for too long, and lets the next one in", async () => {
    const { url, answer, arrived, untilArrived } = await startQueue([{ ...limit, queueTimeout: "100ms" }]);
    const first = post(url, tagged("a"));
    await untilArrived(["a"]);
    const refused = await post(url, tagged("b"));
    expect(refused.message.result).toMatchObject({ _meta: { "outrigger.dev/error": { reason: "QueueTimeout" } } });
    answer("a");
    await first;
    const third = post(url, tagged("c"));
    await untilArrived(["a", "c"]);
    answer("c");
    expect((await third).message.result).toEqual({ tag: "c" });
    expect(arrived()).not.toContain("b");
  });

  it("forgets a client that left, and gives its place to the next", async () => {
    const { url, answer, untilQueued, untilArrived } = await startQueue();
    const first = post(url, tagged("a"));
    await untilArrived(["a"]);
    const leaving = new AbortController();
    const second = postUntil(url, tagged("b"), { headers: {}, signal: leaving.signal });
    await untilQueued(1);
    const third = post(url, tagged("c"));
    await untilQueued(2);
    leaving.abort();
    await expect(second).rejects.toThrow();
    await untilQueued(1);
    answer("a");
    await untilArrived(["a", "c"]);
    answer("c");
    await Promise.all([first, third]);
  });

  it("counts the wait to the time of the whole call", async () => {
    const { url, answer, untilArrived } = await startQueue();
    const first = post(url, tagged("a"));
    await untilArrived(["a"]);
    const refused = await post(url, tagged("b"), { "outrigger-timeout-ms": "100" });
    expect(refused.message.result).toMatchObject({ _meta: { "outrigger.dev/error": { reason: "QueueTimeout" } } });
    answer("a");
    await first;
  });

  it("does not have a call wait that is over its rate too", async () => {
    const { url, answer, arrived, untilQueued, untilArrived } = await startQueue([
      limit,
      { name: "few", rate: "1/h", methods: ["tools/call"], tools: ["t"], per: ["Tool"] },
    ]);
    const first = post(url, tagged("a"));
    await untilArrived(["a"]);
    const refused = await post(url, tagged("b"));
    expect(refused.message.result).toMatchObject({ _meta: { "outrigger.dev/error": { reason: "RateLimited" } } });
    await untilQueued(0);
    answer("a");
    await first;
    expect(arrived()).toEqual(["a"]);
  });

  it("decides anew when a place is free: what is denied by then never reaches the server", async () => {
    const { url, policyFile, answer, arrived, untilQueued, untilArrived } = await startQueue();
    const first = post(url, tagged("a"));
    await untilArrived(["a"]);
    const second = post(url, tagged("b"));
    await untilQueued(1);
    await writeFile(policyFile, JSON.stringify({ limits: [limit], tools: { deny: ["t"] }, prompts: { deny: ["p"] } }));
    const ask = { method: "prompts/get", params: { name: "p" } };
    await vi.waitFor(async () => expect((await post(url, ask)).message.error?.code).toBe(-32602), 5_000);
    answer("a");
    expect((await second).message.error).toEqual({ code: -32602, message: "Unknown tool: t" });
    await first;
    expect(arrived()).toEqual(["a"]);
  });
});
