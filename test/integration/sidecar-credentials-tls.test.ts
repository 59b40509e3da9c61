/** Certificates on the way to a server elsewhere: whom the sidecar trusts there, what it shows, and to whom: the real program. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeTestAuthority } from "../fixtures/client-certificates.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { mountSecret, startBed, untilHealth } from "./credentials-bed.ts";
import { clientOf, secret, startIssuer, startOrders, startServer } from "./credentials-servers.ts";

const authority = makeTestAuthority("The other company");
const stranger = makeTestAuthority("Somebody");
const server = authority.issue({ name: "orders", usage: "server" });
const client = authority.issue({ name: "relay", usage: "client" });

/** A server that lets in whoever shows a certificate of the authority, and says whose. */
const startMutual = () =>
  startServer({
    letIn: (_headers, { certificate }) => certificate,
    tls: { ...server, ca: authority.ca, requestCert: true },
  });

async function mountTls(files: Readonly<Record<string, string>>) {
  const mounted = await mountSecret(files);
  const place = (name: string): string => join(mounted.folder, name);
  const flags = ["--upstream-ca", place("ca.pem"), "--upstream-cert", place("cert.pem"), "--upstream-key"];
  return { mounted, flags: [...flags, place("key.pem")] };
}

describe("F-152 certificates towards a server elsewhere", () => {
  it("F-152 the sidecar shows its own, and a replaced one on connections from then on, without a restart", async () => {
    const orders = await startMutual();
    const { mounted, flags } = await mountTls({
      "ca.pem": authority.ca,
      "cert.pem": client.cert,
      "key.pem": client.key,
    });
    const bed = await startBed(["--upstream", orders.url, ...flags]);
    await untilHealth(bed, /Ready Serving/);
    expect((await bed.call()).text).toBe("relay");

    const next = authority.issue({ name: "relay of tomorrow", usage: "client" });
    await mounted.write({ "ca.pem": authority.ca, "cert.pem": next.cert, "key.pem": "no key at all" });
    await waitFor("the refusal", () => bed.log().includes("files of TLS refused, the last good ones stay"));
    expect((await bed.call()).text).toBe("relay");
    await mounted.write({ "ca.pem": authority.ca, "cert.pem": next.cert, "key.pem": next.key });
    await waitFor("the new files", () => bed.log().includes("the files of TLS towards the server changed"));
    orders.endConnections();
    await waitFor("the new certificate", async () => (await bed.call()).text === "relay of tomorrow");
    await bed.expectNowhere([client.key.split("\n")[1] ?? "", next.key.split("\n")[1] ?? "", "no key at all"]);
  });

  it("F-152 a server of another authority gets no request and no secret, and the server is told as away with the reason", async () => {
    const orders = await startServer({ letIn: () => "anybody", tls: stranger.issue({ name: "x", usage: "server" }) });
    const auth = { kind: "Bearer", token: { file: "token" } };
    const files = { "ca.pem": authority.ca, "auth.yaml": JSON.stringify(auth), token: "token-of-the-relay" };
    const { folder } = await mountSecret(files);
    const trust = ["--upstream-ca", join(folder, "ca.pem"), "--upstream-auth", join(folder, "auth.yaml")];
    const bed = await startBed(["--upstream", orders.url, ...trust]);
    expect(await bed.call()).toMatchObject({ status: 503, reason: "UpstreamUnavailable" });
    expect(await bed.readyz()).toMatch(/certificate/);
    expect([orders.ran, orders.seen()]).toEqual([[], 0]);
    await bed.expectNowhere(["token-of-the-relay"]);
  });

  it("F-152 the issuer is trusted by the same authority, and sees neither the certificate nor, of another authority, the secret", async () => {
    const tls = { ...server, ca: authority.ca, requestCert: true, rejectUnauthorized: false };
    const issuer = await startIssuer({ tls });
    const orders = await startOrders(issuer, { tls: { ...server, ca: authority.ca, requestCert: true } });
    const auth = JSON.stringify(clientOf(issuer));
    const pem = { "cert.pem": client.cert, "key.pem": client.key };
    const { mounted, flags } = await mountTls({
      ...{ "ca.pem": authority.ca, "auth.yaml": auth, "client-secret": secret },
      ...pem,
    });
    const bed = await startBed([
      "--upstream",
      orders.url,
      ...flags,
      "--upstream-auth",
      join(mounted.folder, "auth.yaml"),
    ]);
    await untilHealth(bed, /Ready Serving/);
    expect((await bed.call()).text).toBe("relay");
    expect(issuer.asked.map(({ client: id, certificate }) => [id, certificate])).toEqual([["relay", undefined]]);

    const strange = await startIssuer({ tls: stranger.issue({ name: "x", usage: "server" }) });
    const { folder } = await mountSecret({
      ...{ "ca.pem": authority.ca, "auth.yaml": JSON.stringify(clientOf(strange)), "client-secret": secret },
    });
    const trust = ["--upstream-ca", join(folder, "ca.pem"), "--upstream-auth", join(folder, "auth.yaml")];
    const wary = await startBed(["--upstream", orders.url, ...trust]);
    expect(await wary.call()).toMatchObject({ reason: "UpstreamCredentialsUnavailable" });
    expect(await wary.readyz()).toMatch(/the issuer https:\S+ can't be asked: .*certificate/);
    expect(strange.asked).toEqual([]);
    await wary.expectNowhere([secret]);
  });

  it("F-152 files that can't be used are told at the start, with what was expected and nothing of what stands there", async () => {
    const { flags } = await mountTls({ "ca.pem": "no PEM here", "cert.pem": client.cert, "key.pem": server.key });
    await expect(startBed(["--upstream", "https://127.0.0.1:9/mcp", ...flags])).rejects.toThrow(
      /--upstream-ca: expected certificates as PEM[^]*--upstream-key: expected the private key of the certificate/,
    );
    await expect(startBed(["--upstream", "http://127.0.0.1:9/mcp", ...flags])).rejects.toThrow(
      "--upstream-ca, --upstream-cert and --upstream-key are for an address of https",
    );
  });
});
