import { describe, expect, it } from "vitest";
import { startInProcess } from "../testing/in-process.ts";
import { callOf, post, serveAnswers, type Posted } from "../testing/post.ts";

/** The reason of a refusal, whichever form it has. */
function reasonOf({ message }: Posted): unknown {
  const meta = message.result?.["_meta"] as Record<string, { readonly reason?: string }> | undefined;
  const data = message.error?.data as { readonly outrigger?: { readonly reason?: string } } | undefined;
  return meta?.["outrigger.dev/error"]?.reason ?? data?.outrigger?.reason;
}

const nested = (levels: number): object => (levels === 1 ? {} : { a: nested(levels - 1) });
const text = (length: number) => ({ result: { content: [{ type: "text", text: "x".repeat(length) }] } });

/** A server whose tools answer when they are told to: `slow*` never, others at once with as much as they are asked for. */
function serveTools() {
  return serveAnswers(({ params }) => {
    const { name, arguments: args } = params as { name: string; arguments: { answer?: number } };
    return name.startsWith("slow") ? new Promise<object>(() => undefined) : text(args.answer ?? 1);
  });
}

const perTool = [
  {
    tools: ["small"],
    ...{ maxRequestBytes: "1Ki", maxResponseBytes: "2Ki", maxDepth: 3, maxEntries: 4 },
  },
  { tools: ["slow_small"], maxDuration: "300ms" },
];
const limits = [{ name: "few", tools: ["slow_few"], maxConcurrency: 1 }];

describe("bounds of calls", () => {
  it("F-134 hold for concurrency, sizes of requests and answers, time, nesting and list length, of one tool and no other", async () => {
    const { handler, arrived } = serveTools();
    const { url } = await startInProcess({ handler, policy: { sizes: { perTool }, limits } });
    const call = async (name: string, args: object = {}): Promise<unknown> =>
      reasonOf(await post(url, callOf(name, { arguments: args })));

    const refused = [
      [{ path: "p".repeat(2_000) }, "RequestTooLarge"],
      [nested(4), "ArgumentsInvalid"],
      [{ list: [1, 2, 3, 4, 5] }, "ArgumentsInvalid"],
    ] as const;
    for (const [args, reason] of refused) {
      expect(await call("small", args)).toBe(reason);
      expect(await call("other", args)).toBeUndefined();
    }
    expect(arrived.filter(({ params }) => params?.["name"] === "small")).toEqual([]);

    expect(await call("small", { answer: 3_000 })).toBe("ResponseTooLarge");
    expect(await call("other", { answer: 3_000 })).toBeUndefined();

    const startedMs = performance.now();
    expect(await call("slow_small")).toBe("UpstreamTimeout");
    expect(performance.now() - startedMs).toBeLessThan(5_000);

    const first = new AbortController();
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, ...callOf("slow_few") });
    const headers = { "content-type": "application/json", "x-test": "1" };
    const under = fetch(url, { method: "POST", headers, body, signal: first.signal }).catch(() => undefined);
    await expect.poll(() => arrived.some(({ params }) => params?.["name"] === "slow_few")).toBe(true);
    expect(await call("slow_few")).toBe("ConcurrencyLimited");
    expect(await call("other")).toBeUndefined();
    first.abort();
    await under;
  });

  it("hold for all tools where policy names none, and by themselves where there is no policy", async () => {
    const { handler, arrived } = serveTools();
    const sizes = { maxDepth: 3, maxEntries: 4, maxDuration: "300ms" };
    const bounded = await startInProcess({ handler, policy: { sizes } });
    expect(reasonOf(await post(bounded.url, callOf("any", { arguments: nested(4) })))).toBe("ArgumentsInvalid");
    expect(reasonOf(await post(bounded.url, callOf("slow")))).toBe("UpstreamTimeout");

    const usual = await startInProcess({ handler });
    const before = arrived.length;
    expect(await post(usual.url, callOf("any", { arguments: nested(70) }))).toMatchObject({ status: 400 });
    const large = { path: "p".repeat(4 * 1_024 ** 2) };
    expect(reasonOf(await post(usual.url, callOf("any", { arguments: large })))).toBe("RequestTooLarge");
    expect(arrived).toHaveLength(before);
    expect(reasonOf(await post(usual.url, callOf("any", { arguments: { answer: 11_000_000 } })))).toBe(
      "ResponseTooLarge",
    );
    const hasty = await startInProcess({ handler, flags: ["--call-timeout", "300ms"] });
    expect(reasonOf(await post(hasty.url, callOf("slow")))).toBe("UpstreamTimeout");
  });

  it("of several policies the shortest time holds, and waiting for a place is part of it", async () => {
    const { handler } = serveTools();
    const policy = {
      sizes: { maxDuration: "1h", perTool: [{ tools: ["slow"], maxDuration: "500ms" }] },
      limits: [{ name: "one", maxConcurrency: 1, queue: 5, queueTimeout: "1m" }],
    };
    const { url } = await startInProcess({ handler, policy });
    const startedMs = performance.now();
    const answers = await Promise.all([post(url, callOf("slow")), post(url, callOf("slow"))]);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    for (const answer of answers) expect(["UpstreamTimeout", "QueueTimeout"]).toContain(reasonOf(answer));
  });
});
