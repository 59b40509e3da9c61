/** Where secrets of a sidecar never go, whatever a server or an issuer answers, and what becomes of calls meanwhile: the real program. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AuthorizationServer } from "../fixtures/oauth/authorization-server.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { mountSecret, startBed, untilHealth } from "./credentials-bed.ts";
import { clientOf, secret, startIssuer, startOrders, startServer } from "./credentials-servers.ts";

async function startRelay(upstream: string, auth: object, files: Readonly<Record<string, string>>) {
  const mounted = await mountSecret({ "auth.yaml": JSON.stringify(auth), ...files });
  const flags = ["--upstream", upstream, "--transport", "streamable-http"];
  return { mounted, bed: await startBed([...flags, "--upstream-auth", join(mounted.folder, "auth.yaml")]) };
}

const onLocalhost = (url: string): string => url.replace("127.0.0.1", "localhost");

describe("F-152 F-161 secrets of a relay", () => {
  it("F-152 follow no redirect of the server, to whatever place it leads", async () => {
    const other = await startServer({ letIn: () => "anybody" });
    const server = await startServer({ letIn: () => "anybody", redirect: other.url });
    const auth = { kind: "Headers", headers: { "x-api-key": { file: "key" } } };
    const { bed } = await startRelay(server.url, auth, { key: "key-of-the-relay" });
    await waitFor("the sidecar's own requests", () => server.seen() >= 3);
    expect(other.seen()).toBe(0);
    await bed.expectNowhere(["key-of-the-relay"]);
  });

  it("F-152 F-161 go to no private place that metadata lead to, unless somebody named it", async () => {
    const inner = await startIssuer();
    const issuer = await startIssuer({ claimedEndpoint: onLocalhost(inner.tokenEndpoint) });
    const server = await startOrders(inner);
    const { bed, mounted } = await startRelay(server.url, clientOf(issuer), { "client-secret": secret });
    expect(await bed.call()).toMatchObject({ reason: "UpstreamCredentialsRefused" });
    expect(await bed.readyz()).toMatch(/the token endpoint at localhost:\d+ is not used: expected .* privateHosts/);
    expect(inner.asked).toEqual([]);

    const named = JSON.stringify(clientOf(issuer, { privateHosts: ["localhost"] }));
    await mounted.write({ "auth.yaml": named, "client-secret": secret });
    await untilHealth(bed, /Ready Serving/);
    expect((await bed.call()).text).toBe("relay");
    await bed.expectNowhere([secret, ...inner.given]);
  });

  it("F-152 go to no issuer that says it is another one", async () => {
    const issuer = await startIssuer({ claimedIssuer: "https://login.example.com" });
    const server = await startOrders(issuer);
    const { bed } = await startRelay(server.url, clientOf(issuer), { "client-secret": secret });
    expect(await bed.call()).toMatchObject({ reason: "UpstreamCredentialsRefused" });
    expect(await bed.readyz()).toContain("its metadata name another issuer");
    expect(issuer.asked).toEqual([]);
  });

  it("F-152 F-161 are refused at the start for an address without TLS that nobody named, with what would be right", async () => {
    const auth = { kind: "Bearer", token: { file: "token" } };
    const start = (more: object) => startRelay("http://orders.tools.svc:1/mcp", { ...auth, ...more }, { token: "t0" });
    await expect(start({})).rejects.toThrow(
      "auth.yaml: --upstream: expected an address of https, or its host under privateHosts",
    );
    const { bed } = await start({ privateHosts: ["orders.tools.svc"] });
    expect(await bed.call()).toMatchObject({ reason: "UpstreamUnavailable" });
  });
});

describe("F-152 an issuer that answers otherwise than it should", () => {
  const token = { access_token: "token-that-is-none", token_type: "Bearer" };
  const json = (fields: object): AuthorizationServer["behaviour"]["fault"] => ({
    status: 200,
    body: JSON.stringify(fields),
  });

  it.each([
    ["a token of another kind", json({ ...token, token_type: "DPoP" }), "Refused", "not of the type Bearer"],
    ["a token that has ended", json({ ...token, expires_in: 0 }), "Unavailable", "a token that has ended"],
    ["a page", { status: 200, body: "<html>" }, "Unavailable", "without an access token"],
    ["an endless page", { status: 200, body: "x".repeat(300_000) }, "Unavailable", "more than 262144 bytes"],
    ["a redirect", { status: 307, body: "", headers: { location: "/elsewhere" } }, "Unavailable", "HTTP 307"],
  ] as const)("F-152 with %s gives no token, and calls say why", async (_what, fault, kind, words) => {
    const issuer = await startIssuer();
    issuer.behaviour.fault = fault;
    const server = await startOrders(issuer);
    const { bed } = await startRelay(server.url, clientOf(issuer), { "client-secret": secret });
    expect(await bed.call()).toMatchObject({ status: 503, code: 10_503, reason: `UpstreamCredentials${kind}` });
    expect(await bed.readyz()).toContain(words);
    expect(server.seen()).toBe(0);
    await bed.expectNowhere([secret, "token-that-is-none"]);
  });

  it("F-152 and takes its time holds all calls up by one request, and loses none", async () => {
    const issuer = await startIssuer();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    issuer.behaviour.gate = promise;
    const server = await startOrders(issuer);
    const { bed } = await startRelay(server.url, clientOf(issuer), { "client-secret": secret });
    const calls = Array.from({ length: 20 }, () => bed.call());
    await waitFor("the request", () => issuer.asked.length > 0);
    expect(server.seen()).toBe(0);
    resolve(undefined);
    expect(new Set((await Promise.all(calls)).map(({ text }) => text))).toEqual(new Set(["relay"]));
    expect(issuer.asked).toHaveLength(1);
  });

  it("F-152 wants another secret from now on: it is taken from the replaced file, without a restart", async () => {
    const client = { secret };
    const issuer = await startIssuer({ clients: { relay: client } });
    const server = await startOrders(issuer);
    const auth = clientOf(issuer);
    const { bed, mounted } = await startRelay(server.url, auth, { "client-secret": secret });
    await untilHealth(bed, /Ready Serving/);
    client.secret = "another-secret-of-it";
    await mounted.write({ "auth.yaml": JSON.stringify(auth), "client-secret": "another-secret-of-it\n" });
    await waitFor("the new secret", () => bed.log().includes("the credentials for the server changed"));
    expect((await bed.call()).text).toBe("relay");
    expect(issuer.given).toHaveLength(2);
    await bed.expectNowhere([secret, "another-secret-of-it", ...issuer.given]);
  });
});
