/** The endpoint's own TLS with clients' certificates, and the endpoint behind proxies, under a base path, and for web pages. */
import { readFileSync, writeFileSync } from "node:fs";
import { request as requestTls, type RequestOptions } from "node:https";
import { join } from "node:path";
import { connect } from "node:tls";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { makeTestAuthority, type TestCertificate } from "../fixtures/client-certificates.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const authority = makeTestAuthority("clients");
const stranger = makeTestAuthority("strangers");

async function start(flags: readonly string[]): Promise<RunningAggregator> {
  const aggregator = await startAggregatorProgram({}, flags);
  ends.push(() => aggregator.close());
  return aggregator;
}

interface Answer {
  readonly status: number | undefined;
  readonly json: unknown;
}

async function ask(aggregator: RunningAggregator, path: string, options: RequestOptions): Promise<Answer> {
  const { port } = new URL(aggregator.url);
  const sent = requestTls({ host: "127.0.0.1", port, path, ca: authority.ca, agent: false, ...options }).end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.setEncoding("utf8");
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, json: JSON.parse(text) };
}

const callersOf = ({ log }: RunningAggregator): unknown[] =>
  log.filter(({ endpoint }) => endpoint === "/api/v1/summary").map(({ caller }) => caller);

/** Files of a server's certificate and of the authority of clients, and the flags that name them. */
function writeTls(folder: string, server: TestCertificate): readonly string[] {
  const files = { cert: server.cert, key: server.key, ca: authority.ca };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return ["--tls-cert", join(folder, "cert"), "--tls-key", join(folder, "key")];
}

describe("F-150 certificates of clients", () => {
  it("let in whom an authority that was named has certified, and follow files that are replaced", async () => {
    const folder = makeTestFolder("tls");
    const tls = writeTls(folder, authority.issue({ name: "first", usage: "server" }));
    const aggregator = await start(["--auth", "mtls", "--tls-client-ca", join(folder, "ca"), ...tls]);
    const summary = (client: TestCertificate | undefined) => ask(aggregator, "/api/v1/summary", { ...client });
    const certified = { name: "ci", usage: "client", uri: "spiffe://cluster/ns/tools/sa/ci" } as const;
    expect((await summary(authority.issue(certified))).status).toBe(200);
    expect((await summary(undefined)).json).toMatchObject({ error: { reason: "CredentialsMissing" } });
    for (const wrong of [
      stranger.issue(certified),
      authority.issue({ ...certified, isOver: true }),
      authority.issue({ ...certified, usage: "server" }),
    ])
      expect((await summary(wrong)).status).toBe(401);
    expect((await ask(aggregator, "/livez", {})).status).toBe(200);
    await waitFor("the audit lines", () => Promise.resolve(callersOf(aggregator).length >= 5));
    expect(callersOf(aggregator)[0]).toBe(`User:uri:${certified.uri}`);

    const next = authority.issue({ name: "second", usage: "server" });
    // Between the two steps the files do not go together, and the ones of before are served.
    writeFileSync(join(folder, "key"), next.key);
    await waitFor("the complaint", () =>
      Promise.resolve(
        aggregator.log.some(({ msg }) => String(msg).startsWith("the endpoint's certificate can't be used")),
      ),
    );
    expect((await summary(authority.issue(certified))).status).toBe(200);
    writeFileSync(join(folder, "cert"), next.cert);
    await waitFor("the new certificate", async () => {
      const socket = connect({ port: Number(new URL(aggregator.url).port), host: "127.0.0.1", ca: authority.ca });
      await once(socket, "secureConnect");
      const { CN } = socket.getPeerCertificate().subject;
      socket.destroy();
      return CN === "second";
    });
    expect(readFileSync(join(folder, "cert"), "utf8")).toBe(next.cert);
    expect((await summary(authority.issue(certified))).status).toBe(200);
  });

  it("are taken from a header of trusted proxies alone, and verified once more", async () => {
    const folder = makeTestFolder("proxied");
    writeFileSync(join(folder, "ca"), authority.ca);
    const flags = ["--auth", "mtls", "--tls-client-ca", join(folder, "ca"), "--client-cert-header", "client-cert"];
    const [trusting, wary] = await Promise.all([
      start([...flags, "--trust-proxies", "127.0.0.1"]),
      start([...flags, "--trust-proxies", "10.0.0.0/8"]),
    ]);
    const summary = async (aggregator: RunningAggregator, value: string): Promise<number> =>
      (await fetch(`${aggregator.url}/api/v1/summary`, { headers: { "client-cert": value } })).status;
    const { cert } = authority.issue({ name: "ci", usage: "client" });
    const bytes = `:${cert.replace(/-----[^-]+-----|\s/g, "")}:`;
    expect(await summary(trusting, bytes)).toBe(200);
    expect(await summary(trusting, encodeURIComponent(cert))).toBe(200);
    expect(await summary(wary, bytes)).toBe(401);
    const forged = stranger.issue({ name: "ci", usage: "client" }).cert;
    for (const value of [encodeURIComponent(forged), "nonsense", "::", `${bytes}, ${bytes}`])
      expect(await summary(trusting, value), value.slice(0, 20)).toBe(401);
  });
});

describe("F-012 behind a proxy", () => {
  it("serves with and without its base path, and tells of clients by the addresses that trusted proxies give", async () => {
    const aggregator = await start(["--public-url", "https://tools.example/base", "--trust-proxies", "127.0.0.1"]);
    const forwarded = {
      "x-forwarded-for": "198.51.100.9",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "tools.example",
    };
    for (const path of ["/base/api/v1/summary", "/api/v1/summary"])
      expect((await fetch(aggregator.url + path, { headers: forwarded })).status, path).toBe(200);
    await waitFor("the audit lines", () => Promise.resolve(callersOf(aggregator).length === 2));
    expect(callersOf(aggregator)).toEqual(["address:198.51.100.9", "address:198.51.100.9"]);
    const foreign = await fetch(`${aggregator.url}/mcp`, {
      headers: { ...forwarded, "x-forwarded-host": "evil.example" },
    });
    expect(foreign.status).toBe(403);
    const stream = await fetch(`${aggregator.url}/base/sse`, { headers: forwarded });
    const reader = stream.body!.getReader();
    // What fetch gives are bytes.
    const { value } = (await reader.read()) as { value?: Uint8Array };
    expect(new TextDecoder().decode(value)).toMatch(/^event: endpoint\ndata: \/base\/mcp\/messages\?/);
    await reader.cancel();
  });

  it("believes nobody's headers unless that is said", async () => {
    const aggregator = await start([]);
    const headers = { "x-forwarded-for": "198.51.100.9", forwarded: "for=198.51.100.9" };
    await fetch(`${aggregator.url}/api/v1/summary`, { headers });
    await waitFor("the audit line", () => Promise.resolve(callersOf(aggregator).length === 1));
    expect(callersOf(aggregator)).toEqual(["address:127.0.0.1"]);
  });
});

describe("web pages", () => {
  it("of origins that were named may call and read answers, without cookies; others may not, though they come from loopback", async () => {
    const aggregator = await start(["--origins", "https://app.example"]);
    const preflight = async (origin: string): Promise<Headers> => {
      const asked = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,x-evil",
      };
      return (await fetch(`${aggregator.url}/mcp`, { method: "OPTIONS", headers: { origin, ...asked } })).headers;
    };
    const named = await preflight("https://app.example");
    expect(named.get("access-control-allow-origin")).toBe("https://app.example");
    expect(named.get("access-control-allow-headers")).toBe("authorization");
    for (const origin of ["https://evil.example", "http://localhost:6274"])
      expect((await preflight(origin)).get("access-control-allow-origin"), origin).toBeNull();
    const answer = await fetch(`${aggregator.url}/api/v1/summary`, { headers: { origin: "https://app.example" } });
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([200, "https://app.example"]);
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
    expect(answer.headers.get("access-control-expose-headers")).toMatch(/Mcp-Session-Id.*WWW-Authenticate/);
  });
});
