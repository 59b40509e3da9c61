/** Calls that are held at legacy servers while modern clients are asked, by real clients, servers and two replicas of the aggregator. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startFixture } from "../conformance/servers.ts";
import { startFakeControl, type FakeControl } from "../fixtures/fake-sidecar/control.ts";
import { makeTool } from "../fixtures/fake-sidecar/sidecar.ts";
import { modernRequest, postRaw, textOf } from "../fixtures/mcp-clients.ts";
import { createPrograms } from "../fixtures/programs.ts";
import { startRealSidecar } from "../fixtures/real-sidecar.ts";
import { startReplicas, type Replicas } from "../fixtures/replicas.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const programs = createPrograms();
let control: FakeControl;
let replicas: Replicas;

/** The same server twice, held and not; and one that offers tools to clients that can be asked alone, so that its list is given here. */
beforeAll(async () => {
  const upstream = await startFixture(programs, "2025-11-25");
  const sidecar = await startRealSidecar(programs, "old", ["--upstream", upstream]);
  const hold = { routing: { questions: "Hold" } };
  control = await startFakeControl("everything");
  control.tell({ era: "legacy", protocolVersion: "2025-11-25" });
  control.list(["trigger-elicitation-request", "trigger-sampling-request"].map((name) => makeTool(name)));
  const everything = { url: await startEverything(), outrigger: { control: control.url, ...hold } };
  replicas = await startReplicas({
    count: 2,
    servers: { held: sidecar.entry(hold), plain: sidecar.entry(), everything },
    flags: ["--mode", "direct"],
  });
});

afterAll(async () => {
  await replicas.close();
  await control.close();
  await programs.endAll();
});

async function startEverything(): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve("@modelcontextprotocol/server-everything/package.json");
  const port = await findFreePort();
  const file = join(dirname(manifest), "dist/transports/streamableHttp.js");
  const code = `process.env.PORT = "${port}"; console.log("up"); await import(${JSON.stringify(file)});`;
  await programs.start(["--input-type=module", "-e", code], () => "up");
  const url = `http://127.0.0.1:${port}/mcp`;
  await waitFor("the server to listen", async () => (await fetch(url)).status > 0);
  return url;
}

const capabilities = { sampling: {}, elicitation: { form: {} }, roots: {} };
const elicited = { action: "accept", content: { username: "ada", email: "ada@x.example", name: "Ada" } } as const;
const endpointOf = (at: number): string => `${replicas.all[at]?.url ?? ""}/mcp`;

async function connect(): Promise<{ readonly client: Client; readonly asked: string[] }> {
  const asked: string[] = [];
  const versionNegotiation = { mode: { pin: "2026-07-28" } } as const;
  const client = new Client({ name: "test-client", version: "1.0.0" }, { capabilities, versionNegotiation });
  client.setRequestHandler("sampling/createMessage", () => {
    asked.push("sampling");
    return { role: "assistant", content: { type: "text", text: "Paris" }, model: "m" } as const;
  });
  client.setRequestHandler("roots/list", () => ({ roots: [{ uri: "file:///work" }] }));
  client.setRequestHandler("elicitation/create", ({ params }) => {
    asked.push(params.message);
    return { ...elicited };
  });
  await client.connect(new StreamableHTTPClientTransport(new URL(endpointOf(0))));
  return { client, asked };
}

interface Step {
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string };
}

/** One request of a client that can be asked, to one of the replicas. */
async function callAt(at: number, name: string, rest: Readonly<Record<string, unknown>> = {}): Promise<Step> {
  const [body, headers] = modernRequest("tools/call", { name, arguments: { message: "?" }, ...rest });
  const declared = body.replace('clientCapabilities":{}', `clientCapabilities":${JSON.stringify(capabilities)}`);
  const { messages } = await postRaw(endpointOf(at), declared, headers);
  return messages.at(-1) ?? {};
}

const answersTo = ({ result }: Step): object => {
  const asked = Object.keys(result?.["inputRequests"] ?? {});
  return Object.fromEntries(asked.map((key) => [key, elicited]));
};

describe("F-074 a modern client at a legacy server whose calls are held", () => {
  it("is asked for input and for its model, several times in one call, and gets the server's answer", async () => {
    const { client, asked } = await connect();
    const call = async (tool: string, args: Record<string, unknown>): Promise<string> =>
      textOf(await client.callTool({ name: `held__${tool}`, arguments: args }));
    expect(await call("test_sampling", { prompt: "capital?" })).toContain("Paris");
    expect(await call("test_elicitation", { message: "who?" })).toContain("ada@x.example");
    expect(asked).toEqual(["sampling", expect.stringContaining("who?")]);
    expect(await call("test_input_required_result_multi_round", {})).not.toBe("");
    await client.close();
  });

  it("is asked by server-everything", async () => {
    const { client, asked } = await connect();
    const elicitation = await client.callTool({ name: "everything__trigger-elicitation-request", arguments: {} });
    expect(textOf(elicitation)).toContain("Ada");
    const args = { prompt: "capital?", maxTokens: 5 };
    const sampling = await client.callTool({ name: "everything__trigger-sampling-request", arguments: args });
    expect(textOf(sampling)).toContain("Paris");
    expect(asked).toHaveLength(2);
    await client.close();
  });

  it("may answer at any replica of the aggregator, once, and nobody else's way", async () => {
    const first = await callAt(0, "held__test_elicitation");
    expect(first.result).toMatchObject({ resultType: "input_required", requestState: expect.any(String) as string });
    const retry = { inputResponses: answersTo(first), requestState: first.result?.["requestState"] };
    const invalid = { code: -32_602 };
    expect((await callAt(1, "held__test_sampling", retry)).error).toMatchObject(invalid);
    expect((await callAt(1, "held__test_elicitation", { ...retry, arguments: { message: "!" } })).error).toMatchObject(
      invalid,
    );
    expect((await callAt(0, "held__test_elicitation", { ...retry, inputResponses: 7 })).error).toMatchObject(invalid);
    expect(await replicas.all[0]?.metric("held_calls")).toBe(1);
    const last = await callAt(1, "held__test_elicitation", retry);
    expect(textOf(last.result)).toContain("ada@x.example");
    expect((await callAt(1, "held__test_elicitation", retry)).error).toMatchObject(invalid);
    expect(await replicas.all[0]?.metric("held_calls")).toBe(0);
  });

  it("is asked nothing where calls are not held, or by what it has not declared: the server is not told that it may ask", async () => {
    expect(textOf((await callAt(0, "plain__test_elicitation")).result)).toMatch(/elicitation.*did not declare/i);
    const [body, headers] = modernRequest("tools/call", { name: "held__test_sampling", arguments: { prompt: "?" } });
    const declared = body.replace('clientCapabilities":{}', 'clientCapabilities":{"roots":{}}');
    const { messages } = await postRaw(endpointOf(0), declared, headers);
    expect(textOf(messages.at(-1)?.["result"])).toMatch(/sampling.*did not declare/i);
  });

  it("loses a held call with the replica that holds it, and is told so", async () => {
    const first = await callAt(1, "held__test_elicitation");
    const retry = { inputResponses: answersTo(first), requestState: first.result?.["requestState"] };
    await replicas.all[1]?.kill();
    expect((await callAt(0, "held__test_elicitation", retry)).error).toMatchObject({ code: -32_602 });
  });
});
