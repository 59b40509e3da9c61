/** The certificate that a running webhook serves: replaced in its folder, hot, without losing connections. */
import { writeFileSync } from "node:fs";
import { Agent } from "node:https";
import { join } from "node:path";
import { connect } from "node:tls";
import { X509Certificate } from "node:crypto";
import { beforeAll, expect, it, vi } from "vitest";
import { createAuthority, issueLeaf, type KeyedCertificate } from "@outrigger/certs";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { getAdmin, plainPod, post, reviewOf, startWebhook, type WebhookProcess } from "./webhook-process.ts";

const dayMs = 86_400_000;
const nowMs = Date.now();
let authority: KeyedCertificate;
let first: KeyedCertificate;
let second: KeyedCertificate;

beforeAll(async () => {
  authority = await createAuthority({ commonName: "Test CA", nowMs, lifetimeMs: 30 * dayMs });
  first = await issueLeaf(authority, { names: ["localhost"], nowMs, lifetimeMs: dayMs });
  second = await issueLeaf(authority, { names: ["localhost"], nowMs, lifetimeMs: 2 * dayMs });
});

function write(folder: string, pair: KeyedCertificate): void {
  writeFileSync(join(folder, "tls.key"), pair.privateKeyPem);
  writeFileSync(join(folder, "tls.crt"), pair.certificatePem);
}

async function startWithFiles(): Promise<WebhookProcess> {
  const folder = makeTestFolder("webhook");
  write(folder, first);
  return startWebhook(folder, ["--certificates", "files", "--certificate-folder", folder]);
}

/** Fingerprint of what a new connection is served. */
async function servedBy({ tlsPort }: WebhookProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: "127.0.0.1", port: tlsPort, servername: "localhost", ca: authority.certificatePem },
      () => {
        resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? "none");
        socket.end();
      },
    );
    socket.on("error", reject);
  });
}

const fingerprintOf = (pair: KeyedCertificate): string => new X509Certificate(pair.certificatePem).fingerprint256;

it("serves a replaced certificate to new connections, while standing ones go on", async () => {
  const webhook = await startWithFiles();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const options = { ca: authority.certificatePem, agent };
  try {
    expect(await servedBy(webhook)).toBe(fingerprintOf(first));
    await post(webhook, "/mutate/pod", reviewOf(plainPod), options);
    write(webhook.folder, second);
    await vi.waitFor(async () => expect(await servedBy(webhook)).toBe(fingerprintOf(second)), { timeout: 20_000 });
    expect((await post(webhook, "/mutate/pod", reviewOf(plainPod), options)).status).toBe(200);
    const expiry = new X509Certificate(second.certificatePem).validToDate.getTime() / 1_000;
    expect((await getAdmin(webhook, "/metrics")).body).toContain(
      `outrigger_webhook_certificate_expiry_timestamp_seconds ${expiry}`,
    );
  } finally {
    agent.destroy();
    await webhook.stop();
  }
});

it("keeps the old certificate when it meets a key of another one, and says so", async () => {
  const webhook = await startWithFiles();
  try {
    writeFileSync(join(webhook.folder, "tls.crt"), second.certificatePem);
    const refused = /outrigger_webhook_reloads_total\{subject="certificate",result="refused"\} [1-9]/;
    await vi.waitFor(async () => expect((await getAdmin(webhook, "/metrics")).body).toMatch(refused), {
      timeout: 20_000,
    });
    expect(await servedBy(webhook)).toBe(fingerprintOf(first));
    expect((await getAdmin(webhook, "/readyz")).status).toBe(200);
    expect(JSON.stringify(webhook.logs())).toContain("the key does not belong to the certificate");
  } finally {
    await webhook.stop();
  }
});
