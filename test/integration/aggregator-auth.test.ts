/** The door of the real aggregator: who gets in by which credential, what everybody else is told, and where tokens do not go. */
import { createHash } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from "@modelcontextprotocol/client";
import { SignJWT } from "jose";
import { afterEach, describe, expect, it } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { startFakeKube } from "../fixtures/fake-kube/server.ts";
import { makeTool, startFakeSidecar, type FakeSidecar } from "../fixtures/fake-sidecar/sidecar.ts";
import { connectLegacy, modernRequest, postRaw, textOf, type RawAnswer } from "../fixtures/mcp-clients.ts";
import { startOidcIssuer, type OidcIssuer } from "../fixtures/oidc-issuer.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

let files: FakeSidecar;
let aggregator: RunningAggregator;

async function start(flags: readonly string[]): Promise<void> {
  files = await startFakeSidecar("files", { era: "modern", tools: [makeTool("read_file", "Reads a file.")] });
  ends.push(() => files.close());
  aggregator = await startAggregatorProgram({ files: files.entry() }, flags);
  ends.push(() => aggregator.close());
  await aggregator.ready();
}

async function startWithIssuer(more: object = {}, flags: readonly string[] = []): Promise<OidcIssuer> {
  const issuer = await startOidcIssuer();
  ends.push(() => issuer.close());
  const setting = [{ url: issuer.url, audiences: ["outrigger"], network: "cluster", ...more }];
  await start(["--auth", "oidc", "--oidc-issuers", JSON.stringify(setting), ...flags]);
  return issuer;
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** A token whose secret is the issuer's public key, which everybody has. */
async function confuseKeys({ url }: OidcIssuer): Promise<string> {
  const { keys } = (await (await fetch(`${url}/keys`)).json()) as { keys: { kid: string }[] };
  const secret = Buffer.from(JSON.stringify(keys[0]));
  const claims = { iss: url, aud: "outrigger", sub: "alice", exp: 4_000_000_000 };
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: keys[0]?.kid ?? "" }).sign(secret);
}

/** A token by another issuer's key, which bears the id of this one's and says that this one gave it. */
async function borrowKeyId({ url }: OidcIssuer): Promise<string> {
  const other = await startOidcIssuer();
  ends.push(() => other.close());
  return other.sign({ iss: url });
}

async function list(headers: Record<string, string>, path = "/mcp"): Promise<RawAnswer> {
  const [body, own] = modernRequest("tools/list", {});
  return postRaw(aggregator.url + path, body, { ...own, ...headers });
}

const reasonsOf = (lines: readonly Readonly<Record<string, unknown>>[]): readonly (readonly [unknown, unknown])[] =>
  lines.filter(({ kind }) => kind === "audit").map(({ reason, caller }) => [reason, caller] as const);

describe("F-150 tokens of an issuer", () => {
  it("let clients of both generations in, who are called by their names in audit lines", async () => {
    const issuer = await startWithIssuer();
    const token = await issuer.sign();
    const legacy = await connectLegacy(`${aggregator.url}/mcp`, bearer(token));
    ends.push(() => legacy.close());
    const modern = new ClientV2(
      { name: "test", version: "1" },
      { versionNegotiation: { mode: { pin: "2026-07-28" } } },
    );
    await modern.connect(
      new TransportV2(new URL(`${aggregator.url}/mcp`), { authProvider: { token: () => Promise.resolve(token) } }),
    );
    ends.push(() => modern.close());
    for (const client of [legacy, modern]) {
      const answer = await client.callTool({ name: "files__read_file", arguments: { text: "x" } });
      expect(textOf(answer)).toBe('{"text":"x"}');
    }
    await waitFor("the audit lines", () => {
      const told = aggregator.log.filter(({ method }) => method === "tools/call").map(({ caller }) => caller);
      return Promise.resolve(told.length === 2 && told.every((caller) => caller === `User:${issuer.url}#alice`));
    });
  });

  it("F-151 go nowhere else: not to servers, not into logs", async () => {
    const issuer = await startWithIssuer();
    const token = await issuer.sign({ secretClaim: "s3cr3t" });
    const call = modernRequest("tools/call", { name: "files__read_file", arguments: {} });
    const answer = await postRaw(`${aggregator.url}/mcp`, call[0], { ...call[1], ...bearer(token), cookie: "a=b" });
    expect(answer.status).toBe(200);
    await list(bearer(`${token}x`));
    await list({}, `/mcp?access_token=${token}`);
    const seen = files.data.received.find(({ method }) => method === "tools/call");
    expect(seen).toBeDefined();
    expect(seen?.headers).not.toHaveProperty("authorization");
    expect(seen?.headers).not.toHaveProperty("cookie");
    await waitFor("the refusals in the log", () =>
      Promise.resolve(reasonsOf(aggregator.log).some(([reason]) => reason === "RequestMalformed")),
    );
    const said = JSON.stringify(aggregator.log) + JSON.stringify(files.data.received);
    for (const part of token.split(".")) expect(said).not.toContain(part);
    expect(said).not.toContain("s3cr3t");
  });

  it("F-151 are asked for by a challenge that leads to who gives them out, on every path", async () => {
    const issuer = await startWithIssuer({ scopes: ["tools"] });
    for (const path of [
      "/mcp",
      "/mcp/g/code",
      "/mcp/s/a/b",
      "/api/v1/tools",
      "/sse",
      "/mcp/messages?sessionId=x",
      "/elsewhere",
    ]) {
      const response = await fetch(aggregator.url + path);
      expect([path, response.status]).toEqual([path, 401]);
      expect(response.headers.get("www-authenticate"), path).toMatch(
        /^Bearer resource_metadata="http:[^"]*oauth-protected-resource[^"]*"$/,
      );
    }
    const answer = await list({});
    expect(answer.messages[0]).toMatchObject({ error: { code: -32_600 } });
    const [, url = ""] = /resource_metadata="([^"]+)"/.exec(answer.headers.get("www-authenticate") ?? "") ?? [];
    expect(url).toBe(`${aggregator.url}/.well-known/oauth-protected-resource/mcp`);
    expect(await (await fetch(url)).json()).toMatchObject({
      ...{ resource: `${aggregator.url}/mcp`, authorization_servers: [issuer.url], scopes_supported: ["tools"] },
    });
    const narrow = await list(bearer(await issuer.sign({ scope: "other" })));
    expect(narrow.status).toBe(403);
    expect(narrow.headers.get("www-authenticate")).toMatch(/error="insufficient_scope".*scope="tools"/);
    expect((await list(bearer(await issuer.sign({ scope: "tools" })))).status).toBe(200);
    for (const path of ["/livez", "/readyz"]) expect((await fetch(aggregator.url + path)).status, path).toBe(200);
  });

  it("that are wrong are refused, also two of them, one in the query, and one that is too long", async () => {
    const issuer = await startWithIssuer();
    const good = await issuer.sign();
    const wrong: [string, string][] = [
      ["expired", await issuer.sign({ exp: 1 })],
      ["audience", await issuer.sign({ aud: "another" })],
      ["issuer", await issuer.sign({ iss: "https://evil.example" })],
      ["algorithm", `${Buffer.from('{"alg":"none"}').toString("base64url")}.${good.split(".")[1]}.`],
      ["signature", `${good.slice(0, -4)}AAAA`],
      ["nbf", await issuer.sign({ nbf: 4_000_000_000 })],
      ["algorithm", await confuseKeys(issuer)],
      ["signature", await borrowKeyId(issuer)],
    ];
    for (const [message, token] of wrong) {
      const answer = await list(bearer(token));
      expect([message, answer.status]).toEqual([message, 401]);
      expect(answer.headers.get("www-authenticate")).toMatch(new RegExp(`error="invalid_token".*${message}`));
    }
    const body = modernRequest("tools/list", {});
    const twice = await postRaw(`${aggregator.url}/mcp`, body[0], { ...body[1], ...bearer(good), "x-api-key": good });
    expect([twice.status, (await list(bearer(good), `/mcp?access_token=${good}`)).status]).toEqual([400, 400]);
    expect((await list(bearer("a".repeat(9_000)))).status).toBe(400);
    expect((await list(bearer(good))).status).toBe(200);
  });

  it("are verified by new keys as soon as they name one, and by the last ones while the issuer is away", async () => {
    const issuer = await startWithIssuer();
    expect((await list(bearer(await issuer.sign({ sub: "a" })))).status).toBe(200);
    const later = await issuer.sign({ sub: "b" });
    await issuer.rotate();
    const next = await issuer.sign({ sub: "c" });
    // Keys are asked for again after a few seconds at the earliest, whatever tokens name.
    await waitFor("the new key to be taken", async () => {
      const token = await issuer.sign({ sub: "c", jti: String(Math.random()) });
      return (await list(bearer(token))).status === 200;
    });
    await issuer.close();
    expect((await list(bearer(next))).status).toBe(200);
    expect((await list(bearer(later))).status).toBe(401);
  });

  it("are taken from nobody while the issuer could never be asked, and nobody is told that they are wrong", async () => {
    const issuer = await startWithIssuer();
    const token = await issuer.sign();
    await issuer.close();
    expect((await list(bearer(token))).status).toBe(503);
    expect((await list({})).status).toBe(401);
  });

  it("from one address that are wrong too often have to wait, while health and those who are known do not", async () => {
    const issuer = await startWithIssuer();
    const good = await issuer.sign();
    await list(bearer(good));
    const statuses = new Set<number>();
    for (let sent = 0; sent < 30 && !statuses.has(429); sent++)
      statuses.add((await list(bearer(`x.${sent}.y`))).status);
    expect([...statuses]).toEqual([401, 429]);
    expect((await list(bearer(await issuer.sign({ sub: "new" })))).headers.get("retry-after")).toMatch(/^[123]$/);
    expect((await list(bearer(good))).status).toBe(200);
    expect((await fetch(`${aggregator.url}/readyz`)).status).toBe(200);
  });

  it("bind a session to whom they name: another caller does not see that it exists", async () => {
    const issuer = await startWithIssuer();
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } };
    const hello = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params });
    const opened = await postRaw(`${aggregator.url}/mcp`, hello, bearer(await issuer.sign()));
    const session = {
      "mcp-session-id": opened.headers.get("mcp-session-id") ?? "",
      "mcp-protocol-version": "2025-11-25",
    };
    const ping = JSON.stringify({ jsonrpc: "2.0", id: 2, method: "ping" });
    const renewed = await issuer.sign({ jti: "renewed" });
    const statuses = [];
    for (const token of [renewed, await issuer.sign({ sub: "mallory" })])
      statuses.push((await postRaw(`${aggregator.url}/mcp`, ping, { ...session, ...bearer(token) })).status);
    expect(statuses).toEqual([200, 404]);
  });
});

describe("F-150 API keys", () => {
  const [key, other] = [`ork_${"k".repeat(43)}`, `ork_${"o".repeat(43)}`];
  const line = (name: string, text: string): string =>
    `${name} sha256:${createHash("sha256").update(text).digest("hex")} builders\n`;

  it("let their holders in by either header, follow their file, and outlive one that is broken", async () => {
    const file = join(makeTestFolder("api-keys"), "keys");
    const write = async (text: string): Promise<void> => {
      await writeFile(`${file}.next`, text);
      await rename(`${file}.next`, file);
    };
    await write(line("ci", key));
    await start(["--auth", "api-key", "--api-keys", file]);
    expect((await list({ "x-api-key": key })).status).toBe(200);
    expect((await list(bearer(key))).status).toBe(200);
    const refused = await list({ "x-api-key": other });
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([
      401,
      'Bearer realm="outrigger", error="invalid_token", error_description="Nobody holds this API key."',
    ]);
    expect((await fetch(`${aggregator.url}/.well-known/oauth-protected-resource`)).status).toBe(404);
    await write(line("ci", other));
    await waitFor("the new key", () =>
      Promise.resolve(aggregator.log.some(({ msg }) => msg === "API keys were read again")),
    );
    expect((await list({ "x-api-key": other })).status).toBe(200);
    expect((await list({ "x-api-key": key })).status).toBe(401);
    await write("ci nonsense\n");
    await waitFor("the complaint", () =>
      Promise.resolve(aggregator.log.some(({ problem }) => String(problem).includes("line 1: expected sha256:"))),
    );
    expect((await list({ "x-api-key": other })).status).toBe(200);
    await waitFor("the audit line", () =>
      Promise.resolve(
        reasonsOf(aggregator.log).some(([reason, caller]) => reason === "Allowed" && caller === "User:key:ci"),
      ),
    );
  });
});

describe("F-150 tokens of ServiceAccounts", () => {
  it("are reviewed by the API server for our audience, once for many requests, and no answer is no refusal", async () => {
    const kube = await startFakeKube();
    ends.push(() => kube.close());
    const payload = Buffer.from(JSON.stringify({ iss: "https://kubernetes", exp: 4_000_000_000 })).toString(
      "base64url",
    );
    const token = (name: string): string => `${Buffer.from(name).toString("base64url")}.${payload}.c2ln`;
    kube.failWhile(({ path, body }) => {
      if (!path.endsWith("/tokenreviews")) return undefined;
      const { spec } = JSON.parse(body) as { spec: { token: string; audiences: string[] } };
      if (spec.token === token("away")) return { status: 503 };
      const user = { username: "system:serviceaccount:tools:agent", groups: ["system:serviceaccounts:tools"] };
      const status = spec.token === token("agent") ? { authenticated: true, audiences: spec.audiences, user } : {};
      return { status: 201, headers: { "content-type": "application/json" }, body: JSON.stringify({ status }) };
    });
    aggregator = await startAggregatorProgram(undefined, ["--kube", kube.url, "--auth", "service-account"]);
    ends.push(() => aggregator.close());
    await aggregator.ready();
    const statuses = [];
    for (const name of ["agent", "agent", "other", "away"]) statuses.push((await list(bearer(token(name)))).status);
    expect(statuses).toEqual([200, 200, 401, 503]);
    const reviews = kube.seen.filter(({ path }) => path.endsWith("/tokenreviews"));
    expect(reviews.filter(({ body }) => body.includes(token("agent")))).toHaveLength(1);
    expect(JSON.parse(reviews[0]?.body ?? "")).toMatchObject({
      kind: "TokenReview",
      spec: { audiences: ["outrigger"] },
    });
    await waitFor("the audit line", () =>
      Promise.resolve(reasonsOf(aggregator.log).some(([, caller]) => caller === "ServiceAccount:tools/agent")),
    );
    expect(JSON.stringify(aggregator.log)).not.toContain(token("agent"));
  });
});

it("F-150 does not start for everybody to reach unless that is said", async () => {
  const failed = startAggregatorProgram({}, ["--listen", "0.0.0.0:0"]);
  await expect(failed).rejects.toThrow(/--auth is needed where --listen is no loopback address/);
});
