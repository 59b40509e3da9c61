import { writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { CallerAssertion } from "@outrigger/api/caller";
import { generateKeyPair, signCompact, type Jwks, type PrivateJwk } from "@outrigger/runtime/jws";
import { beforeAll, describe, expect, it } from "vitest";
import { createPolicyHolder } from "../bundle/policy-in-force.ts";
import { startInProcess } from "../testing/in-process.ts";
import { callOf, post, serveAnswers } from "../testing/post.ts";
import { createCallers } from "./callers.ts";

let key: PrivateJwk;
let stranger: PrivateJwk;
let keys: Jwks;
beforeAll(async () => {
  const [own, other] = await Promise.all([generateKeyPair(), generateKeyPair()]);
  key = own.privateJwk;
  stranger = other.privateJwk;
  keys = { keys: [own.publicJwk] };
});

const seconds = (): number => Math.floor(Date.now() / 1_000);

const assertionOf = (sub: string, more: object = {}): CallerAssertion => ({
  aud: "outrigger:team/server",
  sub,
  kind: "User",
  iat: seconds() - 10,
  exp: seconds() + 200,
  ...more,
});

const sign = (assertion: object, signer: PrivateJwk = key, type = "outrigger-caller"): Promise<string> =>
  signCompact(JSON.stringify(assertion), signer, type);

const headersOf = async (sub: string, more: object = {}) => ({
  "outrigger-caller": await sign(assertionOf(sub, more)),
});

async function start(policy: object = {}) {
  const server = serveAnswers(({ method, params }) =>
    params?.["task"] === undefined ? { result: { method } } : { result: { task: { taskId: "t1" } } },
  );
  const folder = await startInProcess({ handler: server.handler });
  const keysFile = `${folder.policyFile}.keys`;
  await writeFile(keysFile, JSON.stringify(keys));
  const flags = ["--namespace", "team", "--assertion-keys", keysFile];
  return { ...server, ...(await startInProcess({ handler: server.handler, policy, flags })) };
}

describe("a caller that is vouched for", () => {
  it("has limits of its own, behind one address, and the server never sees the assertion", async () => {
    const { url, headers } = await start({ limits: [{ name: "each", rate: "1/h", per: ["Caller"] }] });
    const [ann, bob] = [await headersOf("ann"), await headersOf("bob")];
    expect((await post(url, callOf("t"), ann)).message.result).toEqual({ method: "tools/call" });
    expect((await post(url, callOf("t"), bob)).message.result).toEqual({ method: "tools/call" });
    const again = await post(url, callOf("t"), await headersOf("ann", { iat: seconds() - 5 }));
    expect(again.message.result).toMatchObject({ _meta: { "outrigger.dev/error": { reason: "RateLimited" } } });
    expect((await post(url, callOf("t"))).message.result).toEqual({ method: "tools/call" });
    expect(headers.flatMap((each) => Object.keys(each))).not.toContain("outrigger-caller");
  });

  it("keeps its tasks whatever its session, and nobody else gets them", async () => {
    const { url } = await start();
    const ask = { method: "tasks/get", params: { taskId: "t1" } };
    const [ann, bob] = [await headersOf("ann"), await headersOf("bob")];
    await post(url, callOf("t", { task: {} }), { ...ann, "mcp-session-id": "one" });
    expect((await post(url, ask, { ...ann, "mcp-session-id": "two" })).message.result).toEqual({ method: "tasks/get" });
    expect((await post(url, ask, { ...bob, "mcp-session-id": "one" })).message.error?.code).toBe(-32602);
  });

  it("needs an assertion that holds for this server, now, by a trusted key: else 401, and nothing passes", async () => {
    const { url, arrived } = await start();
    const good = await sign(assertionOf("ann"));
    const bad: Record<string, string> = {
      "signed by a stranger": await sign(assertionOf("ann"), stranger),
      "signed by a stranger with our key's id": await sign(assertionOf("ann"), { ...stranger, kid: key.kid }),
      "signed for another purpose": await sign(assertionOf("ann"), key, "outrigger-policy"),
      "for another server": await sign(assertionOf("ann", { aud: "outrigger:team/other" })),
      "for another namespace": await sign(assertionOf("ann", { aud: "outrigger:x/server" })),
      "for a server whose name begins with ours": await sign(assertionOf("ann", { aud: "outrigger:team/server2" })),
      "for several servers, ours among them": await sign(assertionOf("ann", { aud: ["outrigger:team/server"] })),
      "for no server": await sign(assertionOf("ann", { aud: undefined })),
      over: await sign(assertionOf("ann", { iat: seconds() - 200, exp: seconds() - 1 })),
      "from the future": await sign(assertionOf("ann", { iat: seconds() + 120, exp: seconds() + 300 })),
      "that lives too long": await sign(assertionOf("ann", { exp: seconds() + 3_600 })),
      "of nobody": await sign(assertionOf("")),
      "with a member that is not known": await sign({ ...assertionOf("ann"), scope: "all" }),
      changed: `${good.slice(0, -4)}AAAA`,
      "that is none": "hello",
      "that comes twice": `${good}, ${good}`,
      oversized: await sign(assertionOf("a".repeat(10_000))),
    };
    for (const [name, text] of Object.entries(bad)) {
      const refused = await post(url, callOf("t"), { "outrigger-caller": text });
      expect([name, refused.status]).toEqual([name, 401]);
      expect(refused.headers.get("www-authenticate")).toBe("Outrigger-Caller");
      expect(refused.message.error?.data).toEqual({ outrigger: { reason: "CallerUnverified", server: "server" } });
    }
    expect(arrived).toEqual([]);
    expect((await post(url, callOf("t"), { "outrigger-caller": good })).status).toBe(200);
  });

  it("is known by its address where there are no keys to check with", async () => {
    const { handler, headers } = serveAnswers(() => ({ result: {} }));
    const { url } = await startInProcess({ handler, flags: ["--namespace", "team"] });
    expect((await post(url, callOf("t"), await headersOf("ann"))).status).toBe(200);
    expect(headers[0]).not.toHaveProperty("outrigger-caller");
  });
});

describe("a session with a server over HTTP", () => {
  it("exists for the caller that opened it and for no other, also over other connections, and the server is not asked", async () => {
    const arrived: string[] = [];
    const handler = (request: IncomingMessage, response: ServerResponse): void => {
      request.resume();
      if (request.headers["x-test"] !== undefined)
        arrived.push(`${request.method ?? ""} ${String(request.headers["mcp-session-id"])}`);
      response.writeHead(200, { "content-type": "application/json", "mcp-session-id": "of-ann" });
      response.end('{"jsonrpc":"2.0","id":1,"result":{}}');
    };
    const { policyFile } = await startInProcess({ handler });
    const keysFile = `${policyFile}.keys`;
    await writeFile(keysFile, JSON.stringify(keys));
    const flags = ["--namespace", "team", "--assertion-keys", keysFile, "--max-http-sessions", "1"];
    const { url, metrics } = await startInProcess({ handler, flags });
    const [ann, bob] = await Promise.all([headersOf("ann"), headersOf("bob")]);
    const session = { "mcp-session-id": "of-ann" };
    const initialize = { method: "initialize", params: {} };
    expect((await post(url, initialize, ann)).status).toBe(200);
    const refused = await post(url, callOf("t"), { ...bob, ...session });
    expect([refused.status, refused.message.error?.data]).toEqual([
      404,
      { outrigger: { reason: "SessionUnknown", server: "server" } },
    ]);
    expect((await post(url, callOf("t"), session)).status).toBe(404);
    for (const method of ["GET", "DELETE"]) {
      const answer = await fetch(url, { method, headers: { ...bob, ...session, "x-test": "1" } });
      expect([answer.status, (await answer.text()).length > 0]).toEqual([404, true]);
    }
    expect(arrived).toEqual(["POST undefined"]);
    expect((await post(url, callOf("t"), { ...ann, ...session })).status).toBe(200);
    const full = await post(url, initialize, bob);
    expect([full.status, full.message.error?.message]).toEqual([
      429,
      "No more than 1 sessions may be open with this server at once; try again later.",
    ]);
    const text = await metrics();
    expect(text).toContain("outrigger_sidecar_sessions 1");
    expect(text).toContain('outrigger_sidecar_sessions_refused_total{reason="foreign"} 4');
  });
});

describe("what was verified", () => {
  it("is forgotten when it ends, and when its key is taken away", async () => {
    let nowMs = Date.now();
    let trusted: Jwks | undefined = keys;
    const callers = createCallers({ keys: () => trusted, namespace: "team", server: "server", wallNow: () => nowMs });
    const headers = await headersOf("ann");
    expect(callers.identify(headers)).toMatchObject({ sub: "ann" });
    nowMs += 201_000;
    expect(callers.identify(headers)).toBe("unverified");
    nowMs -= 201_000;
    expect(callers.identify(headers)).toMatchObject({ sub: "ann" });
    trusted = { keys: [(await generateKeyPair()).publicJwk] };
    expect(callers.identify(headers)).toBe("unverified");
  });

  it("bundles name the keys, a later bundle takes them away, and keys that are none refuse the bundle", async () => {
    const trust = { keys, namespace: "team", server: "server" };
    const holder = createPolicyHolder({ base: "bundle", floor: [], wallNow: Date.now, trust });
    const bundle = (version: number, more: object): Promise<string> =>
      sign({ format: 1, audience: { namespace: "team" }, version, layers: [{}], ...more }, key, "outrigger-policy");
    await holder.apply(new Map([["bundle", await bundle(1, { assertionKeys: keys.keys })]]));
    expect(holder.current().assertionKeys).toEqual(keys);
    const refused = await holder.apply(new Map([["bundle", await bundle(2, { assertionKeys: [{ kty: "RSA" }] })]]));
    expect(refused).toMatchObject([{ reason: "BundleMalformed" }]);
    expect(holder.current().assertionKeys).toEqual(keys);
    await holder.apply(new Map([["bundle", await bundle(3, {})]]));
    expect(holder.current().assertionKeys).toBeUndefined();
  });
});

describe("settings of callers", () => {
  it("refuse a file of keys without a namespace, and one that holds none", async () => {
    const { handler } = serveAnswers(() => ({ result: {} }));
    const { policyFile } = await startInProcess({ handler });
    const flags = ["--assertion-keys", policyFile];
    await expect(startInProcess({ handler, flags })).rejects.toThrow(/needs --namespace[^]*expected a JWKS/);
  });
});
