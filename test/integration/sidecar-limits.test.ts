import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateKeyPair, signCompact } from "@outrigger/runtime/jws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectLegacy, connectModern, modernRequest, openSession, postRaw, textOf } from "../fixtures/mcp-clients.ts";
import { createPrograms } from "../fixtures/programs.ts";
import { startRealSidecar } from "../fixtures/real-sidecar.ts";

const main = fileURLToPath(new URL("../fixtures/conformance-server/main.ts", import.meta.url));
const programs = createPrograms();
let folder: string;
let server: string;
let started = 0;

/** A server made with the SDK, which speaks both eras. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "outrigger-limits-"));
  server = await programs.start(["--conditions=outrigger-source", main], (line) => {
    return (JSON.parse(line) as { listening?: string }).listening;
  });
});

afterAll(async () => {
  await programs.endAll();
  await rm(folder, { recursive: true });
});

/** The real sidecar in front of it, with these limits. */
async function startLimited(limits: readonly object[], flags: readonly string[] = []): Promise<string> {
  const policy = join(folder, `policy-${++started}.json`);
  await writeFile(policy, JSON.stringify({ limits }));
  const sidecar = await startRealSidecar(programs, "limited", ["--upstream", server, "--policy", policy, ...flags]);
  return sidecar.dataUrl;
}

describe.each([
  ["a legacy client", connectLegacy],
  ["a modern client", connectModern],
] as const)("%s", (_name, connect) => {
  it("F-133 is told which limit it hit and how many seconds to wait, in the form of what it asked for", async () => {
    const url = await startLimited([
      { name: "few-calls", rate: "1/m" },
      { name: "few-prompts", rate: "1/m", methods: ["prompts/get"] },
    ]);
    const client = await connect(url);
    const call = { name: "test_simple_text", arguments: {} };
    expect((await client.callTool(call)).isError).not.toBe(true);
    const limited = await client.callTool(call);
    expect(limited.isError).toBe(true);
    expect(textOf(limited)).toMatch(
      /^"test_simple_text" is over its rate limit \("few-calls"\)\. Wait (5\d|60) seconds and try again\.$/,
    );
    expect(limited._meta?.["outrigger.dev/error"]).toMatchObject({
      ...{ reason: "RateLimited", server: "limited", name: "test_simple_text", limit: "few-calls" },
      retryAfterMs: expect.any(Number) as number,
    });
    const prompt = { name: "test_simple_prompt" };
    await client.getPrompt(prompt);
    await expect(client.getPrompt(prompt)).rejects.toMatchObject({
      code: 10_429,
      message: expect.stringMatching(/over its rate limit \("few-prompts"\)\. Wait (5\d|60) seconds/) as string,
      data: { outrigger: { reason: "RateLimited", limit: "few-prompts", retryAfterMs: expect.any(Number) as number } },
    });
    await client.close();
  });

  it("F-133 is told of a flood by HTTP, before its body is read", async () => {
    const url = await startLimited([], ["--flood-rate", "6/m"]);
    const client = await connect(url);
    const ask = async (): Promise<unknown> => client.listTools();
    const asked = await Promise.allSettled(Array.from({ length: 8 }, ask));
    const refused = asked.flatMap((each) => (each.status === "rejected" ? [each.reason as Error] : []));
    expect(refused.length).toBeGreaterThan(0);
    for (const { message } of refused) expect(message).toMatch(/flood-rate.*Wait \d+ s/s);
    const answer = await postRaw(url, "{}");
    expect([answer.status, Number(answer.headers.get("retry-after")) > 0]).toEqual([429, true]);
    await client.close();
  });
});

describe("a limit", () => {
  const uri = "test://static-text";
  const requests: readonly (readonly [method: string, params: Record<string, unknown>])[] = [
    ["tools/list", {}],
    ["tools/call", { name: "test_simple_text", arguments: {} }],
    ["prompts/list", {}],
    ["prompts/get", { name: "test_simple_prompt" }],
    ["resources/list", {}],
    ["resources/templates/list", {}],
    ["resources/read", { uri }],
    ["resources/subscribe", { uri }],
    ["resources/unsubscribe", { uri }],
    ["logging/setLevel", { level: "error" }],
    ["ping", {}],
    [
      "completion/complete",
      { ref: { type: "ref/prompt", name: "test_prompt_with_arguments" }, argument: { name: "arg1", value: "t" } },
    ],
  ];

  it("F-130 holds for any kind of request, and for each server as a whole", async () => {
    const url = await startLimited(
      requests.map(([method]) => ({ name: `few ${method}`, rate: "1/h", methods: [method] })),
    );
    // Two sessions: the limits count the server, not its clients.
    const sessions = [await openSession(url), await openSession(url)];
    for (const [method, params] of requests) {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 5, method, params });
      const [first, second] = [await postRaw(url, body, sessions[0]), await postRaw(url, body, sessions[1])];
      expect([method, first.text]).toEqual([method, expect.not.stringContaining("RateLimited")]);
      expect([method, second.text]).toEqual([method, expect.stringContaining(`"limit":"few ${method}"`)]);
      expect(Number(second.headers.get("retry-after"))).toBeGreaterThan(3_500);
    }
  });

  it("F-130 holds for each tool and each caller apart where it says so", async () => {
    const { privateJwk, publicJwk } = await generateKeyPair();
    const keys = join(folder, "keys.json");
    await writeFile(keys, JSON.stringify({ keys: [publicJwk] }));
    const limits = [{ name: "each", rate: "1/h", per: ["Tool", "Caller"] }];
    const url = await startLimited(limits, ["--namespace", "team", "--assertion-keys", keys]);
    const iat = Math.floor(Date.now() / 1_000);
    const call = async (sub: string, name: string): Promise<boolean> => {
      const assertion = { aud: "outrigger:team/limited", sub, kind: "User", iat, exp: iat + 300 };
      const signed = await signCompact(JSON.stringify(assertion), privateJwk, "outrigger-caller");
      const [body, headers] = modernRequest("tools/call", { name, arguments: {} });
      const answer = await postRaw(url, body, { ...headers, "outrigger-caller": signed });
      return !answer.text.includes("RateLimited");
    };
    const asked = ["ann", "bob"].flatMap((sub) =>
      ["test_simple_text", "test_image_content"].map((tool) => [sub, tool] as const),
    );
    for (const [sub, tool] of asked) expect([sub, tool, await call(sub, tool)]).toEqual([sub, tool, true]);
    for (const [sub, tool] of asked) expect([sub, tool, await call(sub, tool)]).toEqual([sub, tool, false]);
  });
});
