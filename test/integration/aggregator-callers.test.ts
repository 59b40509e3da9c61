import { createHash, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { apiKeyPrefix } from "@outrigger/api/api-key";
import { callerHeader, callerType } from "@outrigger/api/caller";
import { generateKeyPair, signCompact } from "@outrigger/runtime/jws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { connectLegacy, modernRequest, postRaw, textOf } from "../fixtures/mcp-clients.ts";
import { createPrograms } from "../fixtures/programs.ts";
import { startRealSidecar, type RealSidecar } from "../fixtures/real-sidecar.ts";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { startRawServer, type RawServer } from "./raw-server.ts";

const programs = createPrograms();
const folder = nameFileFolder("callers");
const place = (name: string): string => join(folder, name);
const keyOf = { ops: newKey(), guest: newKey() };
const servers: RawServer[] = [];
let aggregator: RunningAggregator;
let shop: RealSidecar;
let vault: RealSidecar;
let open: RealSidecar;

function newKey(): string {
  return `${apiKeyPrefix}${randomBytes(32).toString("base64url")}`;
}

const hashLine = (name: string, key: string, groups = ""): string =>
  `${name} sha256:${createHash("sha256").update(key).digest("hex")} ${groups}`.trim();

const rules = {
  shop: [
    { name: "everybody reads", action: "Allow", subjects: [{ kind: "Any" }], tools: ["read_*"] },
    { name: "ops write", action: "Allow", subjects: [{ kind: "Group", name: "ops" }], tools: ["write_*"] },
    { name: "not the guest", action: "Deny", subjects: [{ kind: "User", name: "*guest" }], tools: ["read_orders"] },
  ],
  vault: [{ name: "ops", action: "Allow", subjects: [{ kind: "Group", name: "ops" }], tools: ["*"] }],
};
const tools = {
  shop: ["read_orders", "read_prices", "write_orders", "drop_database"],
  vault: ["unseal_vault", "rotate_vault"],
  open: ["ask_weather"],
};

async function startServer(name: keyof typeof tools): Promise<RealSidecar> {
  const server = await startRawServer(tools[name]);
  servers.push(server);
  const policy = place(`${name}.json`);
  await writeFile(policy, JSON.stringify(name === "open" ? {} : { rules: rules[name] }));
  const flags = ["--upstream", server.url, "--policy", policy, "--namespace", "local"];
  return startRealSidecar(programs, name, [...flags, "--assertion-keys", place("public.json")]);
}

let signingKey: Awaited<ReturnType<typeof generateKeyPair>>;

beforeAll(async () => {
  signingKey = await generateKeyPair();
  await writeFile(place("public.json"), JSON.stringify({ keys: [signingKey.publicJwk] }));
  await writeFile(place("private.json"), JSON.stringify(signingKey.privateJwk));
  await writeFile(place("keys"), [hashLine("olga", keyOf.ops, "ops"), hashLine("guest", keyOf.guest)].join("\n"));
  [shop, vault, open] = await Promise.all([startServer("shop"), startServer("vault"), startServer("open")]);
  aggregator = await startAggregatorProgram({ shop: shop.entry(), vault: vault.entry(), open: open.entry() }, [
    "--auth",
    "api-key",
    "--api-keys",
    place("keys"),
    "--assertion-key",
    place("private.json"),
  ]);
  await waitFor("all tools to be seen", async () => (await readTools("ops")).length === 6, 30_000);
});

afterAll(async () => {
  await aggregator.close();
  await programs.endAll();
  await Promise.all(servers.map((server) => server.close()));
});

type Who = keyof typeof keyOf;

const as = (who: Who) => ({ authorization: `Bearer ${keyOf[who]}` });

async function read(who: Who, path: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${aggregator.url}/api/v1${path}`, { headers: as(who) });
  return (await response.json()) as Record<string, unknown>;
}

async function readTools(who: Who): Promise<readonly string[]> {
  const { tools: listed = [] } = (await read(who, "/tools?limit=500")) as { tools?: { name: string }[] };
  return listed.map(({ name }) => name).sort();
}

async function call(who: Who, name: string, args: object): Promise<string> {
  const client = await connectLegacy(`${aggregator.url}/mcp`, as(who));
  const result = await client.callTool({ name, arguments: { ...args } });
  await client.close();
  return textOf(result);
}

async function listServers(who: Who): Promise<unknown> {
  return (JSON.parse(await call(who, "list_servers", {})) as { servers: unknown }).servers;
}

const guestSees = ["open__ask_weather", "shop__read_prices"];
const opsSee = [
  "open__ask_weather",
  ...["shop__read_orders", "shop__read_prices", "shop__write_orders"],
  ...["vault__rotate_vault", "vault__unseal_vault"],
];

describe("what a caller sees", () => {
  it("F-127 F-162 is what the rules of each server say of it, in every list, and nobody else's", async () => {
    expect(await readTools("ops")).toEqual(opsSee);
    expect(await readTools("guest")).toEqual(guestSees);
    const found = await call("guest", "find_tool", { description: "unseal the vault, write orders" });
    expect(found).not.toMatch(/vault|write_orders|read_orders/);
    expect(await listServers("guest")).toMatchObject([
      { name: "open", tools: 1 },
      { name: "shop", tools: 1 },
    ]);
    expect(await listServers("ops")).toMatchObject([
      { name: "open", tools: 1 },
      { name: "shop", tools: 3 },
      { name: "vault", tools: 2 },
    ]);
  });

  it("F-213 is what a modern client finds without any session, by who it is alone", async () => {
    const find = async (who: Who): Promise<{ found: string; session: string | null }> => {
      const args = { description: "unseal the vault, write orders, read prices" };
      const [body, headers] = modernRequest("tools/call", { name: "find_tool", arguments: args });
      const answer = await postRaw(`${aggregator.url}/mcp`, body, { ...headers, ...as(who) });
      return { found: textOf(answer.messages.at(-1)?.["result"]), session: answer.headers.get("mcp-session-id") };
    };
    const sessions = async (): Promise<string | undefined> =>
      /^outrigger_aggregator_sessions (\d+)$/m.exec(await aggregator.metrics())?.[1];
    const before = await sessions();
    const [first, guest, again] = [await find("ops"), await find("guest"), await find("ops")];
    expect(first.found).toMatch(/unseal_vault/);
    expect(guest.found).toMatch(/read_prices/);
    expect(guest.found).not.toMatch(/vault|write_orders|read_orders/);
    expect(again.found).toBe(first.found);
    expect([first.session, guest.session, await sessions()]).toEqual([null, null, before]);
  });

  it("F-162 leaves no trace of the rest in counts, suggestions, texts and errors", async () => {
    for (const name of ["vault__unseal_vault", "shop__write_orders"]) {
      const hidden = await call("guest", "call_tool", { name, arguments: {} });
      const absent = await call("guest", "call_tool", { name: `${name}_x`, arguments: {} });
      expect(hidden).toMatch(/^Unknown tool: /);
      expect(hidden.replace(name, "")).toBe(absent.replace(`${name}_x`, ""));
      expect((await call("guest", "describe_tool", { name })).replace(name, "")).not.toMatch(/unseal|write_orders/);
    }
    expect(await call("guest", "list_servers", { server: "vault" })).toMatch(/^Unknown server: vault/);
    expect(await read("guest", "/summary")).toMatchObject({ servers: 2, tools: 2 });
    expect(await read("ops", "/summary")).toMatchObject({ servers: 3, tools: 6 });
    const { servers } = (await read("guest", "/servers")) as { servers: { name: string; toolsCount: number }[] };
    expect(servers.map(({ name, toolsCount }) => [name, toolsCount])).toEqual([
      ["open", 1],
      ["shop", 1],
    ]);
    // Neither a record nor a statistic has a number in which others' tools are.
    expect(JSON.stringify(await read("guest", "/servers/local/shop"))).not.toMatch(/[0-9]+ of [0-9]+ tools/);
    expect(JSON.stringify(await read("guest", "/servers"))).not.toMatch(/vault|write_orders|read_orders|drop_/);
    expect(await read("guest", "/calls")).not.toHaveProperty("searches");
    const client = await connectLegacy(`${aggregator.url}/mcp`, as("guest"));
    const { tools: listed } = await client.listTools();
    expect(listed.find(({ name }) => name === "find_tool")?.description).toMatch(/2 tools of 2 servers: open, shop/);
    await client.close();
  });

  it("is cached by the caller alone, since another one sees something else", async () => {
    const [body, headers] = modernRequest("tools/list", {});
    const { messages } = await postRaw(`${aggregator.url}/mcp`, body, { ...headers, ...as("guest") });
    expect(messages[0]?.["result"]).toMatchObject({ cacheScope: "private" });
  });

  it("F-127 is listed if and only if the server's sidecar lets this caller call it", async () => {
    const sidecars = { shop, vault, open };
    for (const who of ["ops", "guest"] as const) {
      const listed = new Set(await readTools(who));
      for (const server of ["shop", "vault", "open"] as const) {
        const assertion = await assertionAbout(who, server);
        for (const tool of tools[server]) {
          const isLetIn = await isForwarded(sidecars[server], tool, assertion);
          expect([who, tool, isLetIn]).toEqual([who, tool, listed.has(`${server}__${tool}`)]);
        }
      }
    }
  });
});

describe("what a server hears of a caller", () => {
  it("F-127 is neither the caller's credential nor the assertion, which is for its sidecar", async () => {
    servers.forEach((each) => each.reply('"read_prices"', done));
    expect(await call("guest", "call_tool", { name: "shop__read_prices", arguments: {} })).toBe("done");
    const heard = servers.flatMap(({ came }) => came).flatMap(({ headers }) => Object.entries(headers));
    expect(heard.filter(([name]) => [callerHeader, "authorization"].includes(name))).toEqual([]);
    expect(JSON.stringify(heard)).not.toContain(keyOf.guest);
  });

  it("is refused where it was meant for another server, forged, over, or signed with no algorithm", async () => {
    const stolen = await assertionAbout("ops", "shop");
    const [, payload] = stolen.split(".");
    const none = `${encode({ alg: "none", typ: callerType, kid: signingKey.publicJwk.kid })}.${payload ?? ""}.`;
    const stranger = (await generateKeyPair()).privateJwk;
    const now = Math.floor(Date.now() / 1_000);
    const bad = {
      stolen,
      none,
      forged: await assertionAbout("ops", "vault", { ...stranger, kid: signingKey.publicJwk.kid }),
      over: await signCompact(
        JSON.stringify({ ...claimsAbout("ops", "vault"), iat: now - 300, exp: now - 1 }),
        signingKey.privateJwk,
        callerType,
      ),
    };
    for (const [name, assertion] of Object.entries(bad)) {
      const answer = await postRaw(vault.dataUrl, callOf("unseal_vault"), { [callerHeader]: assertion });
      expect([name, answer.status, answer.messages[0]?.["error"]]).toMatchObject([
        name,
        401,
        { data: { outrigger: { reason: "CallerUnverified" } } },
      ]);
    }
  });
});

describe("the control port", () => {
  it("F-162 tells what only some callers may see to whoever can vouch for one, and to nobody else", async () => {
    const control = vault.controlUrl;
    const feed = await fetch(`${control}/v1/feed`);
    const reader = feed.body?.pipeThrough(new TextDecoderStream()).getReader();
    const text = (await reader?.read())?.value ?? "";
    await reader?.cancel();
    const state = JSON.parse(/data: (.*)/.exec(text)?.[1] ?? "") as {
      digest: string;
      callers: { digest: string; policy: string };
      vouchers: string[];
    };
    expect(state.vouchers).toEqual([signingKey.publicJwk.kid]);
    expect(await (await fetch(`${control}/v1/catalogues/${state.digest}`)).json()).toMatchObject({ tools: [] });
    const headers = { [callerHeader]: await assertionAbout("guest", "vault") };
    for (const path of [`catalogues/${state.callers.digest}`, `policies/${state.callers.policy}`]) {
      expect((await fetch(`${control}/v1/${path}`)).status).toBe(404);
      expect((await fetch(`${control}/v1/${path}`, { headers })).status).toBe(200);
    }
  });
});

const done = {
  status: 200,
  type: "application/json" as const,
  body: '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"done"}]}}',
};

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const callOf = (name: string): string =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: {} } });

function claimsAbout(who: Who, server: string) {
  const caller = { ops: { sub: "key:olga", groups: ["ops"] }, guest: { sub: "key:guest" } }[who];
  return { aud: `outrigger:local/${server}`, kind: "User", ...caller };
}

function assertionAbout(who: Who, server: string, key = signingKey.privateJwk): Promise<string> {
  const iat = Math.floor(Date.now() / 1_000);
  return signCompact(JSON.stringify({ ...claimsAbout(who, server), iat, exp: iat + 60 }), key, callerType);
}

/** Whether a call reaches the server: it is told apart by its answer. */
async function isForwarded({ dataUrl }: RealSidecar, tool: string, assertion: string): Promise<boolean> {
  servers.forEach((server) => server.reply(`"${tool}"`, done));
  const { messages } = await postRaw(dataUrl, callOf(tool), { [callerHeader]: assertion });
  return messages[0]?.["error"] === undefined;
}
