/** Certificates as others see them: Node's own reader, a TLS handshake, and OpenSSL where it is installed. */
import { spawnSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer } from "node:tls";
import { beforeAll, describe, expect, it } from "vitest";
import { createAuthority, issueLeaf, listServiceNames } from "./authority.ts";
import type { KeyedCertificate } from "./certificate.ts";

const dayMs = 86_400_000;
const nowMs = Date.now();
const names = [...listServiceNames("outrigger-webhook", "outrigger-system", "cluster.local"), "127.0.0.1"];
/** Not a dependency: asked for its opinion where it is installed. */
const openssl = "openssl";
const hasOpenssl = spawnSync(openssl, ["version"]).status === 0;

let authority: KeyedCertificate;
let leaf: KeyedCertificate;

beforeAll(async () => {
  authority = await createAuthority({ commonName: "Test CA", nowMs, lifetimeMs: 365 * dayMs });
  leaf = await issueLeaf(authority, { names, nowMs, lifetimeMs: 7 * dayMs });
});

/** Serves with one pair and dials with one trusted certificate; gives what the client saw. */
async function shake(served: KeyedCertificate, trusted: string, servername: string): Promise<string> {
  const server = createServer({ cert: served.certificatePem, key: served.privateKeyPem }, (socket) => socket.end("ok"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A TCP server listens on a port, never on a path here.
  const { port } = server.address() as AddressInfo;
  try {
    return await new Promise<string>((resolve) => {
      const socket = connect({ port, host: "127.0.0.1", ca: trusted, servername, minVersion: "TLSv1.2" });
      socket.on("secureConnect", () => resolve(socket.authorized ? "authorized" : "not authorized"));
      socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
  } finally {
    server.close();
  }
}

describe("authority", () => {
  it("is a certificate authority and nothing else, signed by itself", () => {
    const certificate = new X509Certificate(authority.certificatePem);
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkIssued(certificate)).toBe(true);
    expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(3072);
    expect(certificate.keyUsage).toBeUndefined();
  });

  it("lives from an hour ago to the end that was asked for", () => {
    const certificate = new X509Certificate(authority.certificatePem);
    const seconds = (ms: number): number => Math.floor(ms / 1000);
    expect(seconds(certificate.validFromDate.getTime())).toBe(seconds(nowMs - 3_600_000));
    expect(seconds(certificate.validToDate.getTime())).toBe(seconds(nowMs + 365 * dayMs));
  });
});

describe("leaf", () => {
  it("is signed by the authority, for servers only, under all its names", () => {
    const certificate = new X509Certificate(leaf.certificatePem);
    const issuer = new X509Certificate(authority.certificatePem);
    expect(certificate.checkIssued(issuer)).toBe(true);
    expect(certificate.verify(issuer.publicKey)).toBe(true);
    expect(certificate.ca).toBe(false);
    // Object identifier of serverAuth.
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(certificate.checkHost("outrigger-webhook.outrigger-system.svc")).toBeDefined();
    expect(certificate.checkHost("outrigger-webhook.outrigger-system.svc.cluster.local")).toBeDefined();
    expect(certificate.checkHost("outrigger-webhook.other.svc")).toBeUndefined();
    expect(certificate.checkIP("127.0.0.1")).toBeDefined();
  });

  it("names the authority's key by the identifier that the authority bears", () => {
    const identifierOf = (pem: string): string => {
      const { publicKey } = new X509Certificate(pem);
      // SHA-1 of the PKCS#1 key is the identifier of RFC 5280 4.2.1.2 (1).
      return createHash("sha1")
        .update(publicKey.export({ type: "pkcs1", format: "der" }))
        .digest("hex");
    };
    const der = new X509Certificate(leaf.certificatePem).raw.toString("hex");
    expect(der).toContain(identifierOf(authority.certificatePem));
    expect(der).toContain(identifierOf(leaf.certificatePem));
    expect(new X509Certificate(authority.certificatePem).raw.toString("hex")).toContain(
      identifierOf(authority.certificatePem),
    );
  });

  it("never outlives its authority", async () => {
    const long = await issueLeaf(authority, { names, nowMs, lifetimeMs: 3_650 * dayMs });
    expect(new X509Certificate(long.certificatePem).validTo).toBe(
      new X509Certificate(authority.certificatePem).validTo,
    );
  });

  it("has another serial number and key each time", async () => {
    const second = await issueLeaf(authority, { names, nowMs, lifetimeMs: dayMs });
    const [a, b] = [leaf, second].map((each) => new X509Certificate(each.certificatePem));
    expect(a?.serialNumber).not.toBe(b?.serialNumber);
    expect(a?.fingerprint256).not.toBe(b?.fingerprint256);
    expect(second.privateKeyPem).not.toBe(leaf.privateKeyPem);
  });

  it("is refused an authority whose key is another's", async () => {
    const mixed = { certificatePem: authority.certificatePem, privateKeyPem: leaf.privateKeyPem };
    await expect(issueLeaf(mixed, { names, nowMs, lifetimeMs: dayMs })).rejects.toThrow("does not belong");
  });

  it("is trusted in a handshake by a client that trusts the authority", async () => {
    expect(await shake(leaf, authority.certificatePem, "outrigger-webhook.outrigger-system.svc")).toBe("authorized");
  });

  it("is not trusted under a name that it does not bear, nor by a client of another authority of the same name", async () => {
    const other = await createAuthority({ commonName: "Test CA", nowMs, lifetimeMs: dayMs, keyBits: 2048 });
    expect(await shake(leaf, authority.certificatePem, "example.com")).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
    expect(await shake(leaf, other.certificatePem, "outrigger-webhook")).toMatch(
      /UNABLE_TO_VERIFY|SELF_SIGNED|SIGNATURE/,
    );
    expect(await shake(leaf, other.certificatePem + authority.certificatePem, "outrigger-webhook")).toBe("authorized");
  });

  it.runIf(hasOpenssl)("is accepted by openssl verify, in strict mode", () => {
    const folder = mkdtempSync(join(tmpdir(), "outrigger-certs-"));
    try {
      writeFileSync(join(folder, "ca.crt"), authority.certificatePem);
      writeFileSync(join(folder, "tls.crt"), leaf.certificatePem);
      const args = ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "ca.crt", "tls.crt"];
      const result = spawnSync(openssl, args, { cwd: folder, encoding: "utf8" });
      expect(result.stderr).toBe("");
      expect(result.stdout.trim()).toBe("tls.crt: OK");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
