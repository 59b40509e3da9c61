/** The certificate that a running webhook serves: replaced in its folder, hot, without losing connections. */
import { writeFileSync } from "node:fs";
import { Agent } from "node:https";
import { join } from "node:path";
import { connect } from "node:tls";
import { X509Certificate } from "node:crypto";
import { beforeAll, expect, it, vi } from "vitest";
import { createAuthority, issueLeaf, type KeyedCertificate } from "@outrigger/certs";
import { resources } from "@outrigger/kube";
import { startFakeKube } from "../fixtures/fake-kube/server.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { getAdmin, plainPod, post, reviewOf, runToEnd, startWebhook, type WebhookProcess } from "./webhook-process.ts";

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

/** A client that keeps its connection, as an API server does, and asks until it is told to end. */
function startClient(webhook: WebhookProcess): {
  readonly end: () => Promise<readonly number[]>;
  readonly opened: () => number;
} {
  let [isOver, opened] = [false, 0];
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const open = agent.createConnection.bind(agent);
  agent.createConnection = (...args) => {
    opened++;
    return open(...args);
  };
  const run = async (): Promise<readonly number[]> => {
    const statuses: number[] = [];
    while (!isOver) {
      const answer = await post(webhook, "/mutate/pod", reviewOf(plainPod), { ca: authority.certificatePem, agent });
      statuses.push(answer.status);
    }
    agent.destroy();
    return statuses;
  };
  const running = run();
  return {
    opened: () => opened,
    end: () => {
      isOver = true;
      return running;
    },
  };
}

it("F-028 replaces its certificate twenty times under clients that keep their connections, and drops no connection and no request", async () => {
  const webhook = await startWithFiles();
  try {
    const clients = Array.from({ length: 4 }, () => startClient(webhook));
    for (let swap = 0; swap < 20; swap++) {
      const next = swap % 2 === 0 ? second : first;
      write(webhook.folder, next);
      await vi.waitFor(async () => expect(await servedBy(webhook)).toBe(fingerprintOf(next)), { timeout: 20_000 });
    }
    const statuses = await Promise.all(clients.map((client) => client.end()));
    expect(statuses.flat().filter((status) => status !== 200)).toEqual([]);
    for (const each of statuses) expect(each.length).toBeGreaterThan(20);
    expect(clients.map((client) => client.opened())).toEqual([1, 1, 1, 1]);
    expect((await getAdmin(webhook, "/metrics")).body).toMatch(
      /outrigger_webhook_reloads_total\{subject="certificate",result="taken"\} 20\n/,
    );
  } finally {
    await webhook.stop();
  }
}, 120_000);

it("tells by an Event and in the log of a certificate that is near its end and was not renewed", async () => {
  const kube = await startFakeKube();
  const folder = makeTestFolder("webhook");
  write(
    folder,
    await issueLeaf(authority, { names: ["localhost"], nowMs: nowMs - 6.5 * dayMs, lifetimeMs: 7 * dayMs }),
  );
  const files = ["--certificates", "files", "--certificate-folder", folder];
  // Without keys of an operator it is not ready, and tells nevertheless.
  const webhook = await startWebhook(folder, [...files, "--kube", kube.url, "--namespace", "outrigger-system"]);
  try {
    const events = () => kube.store.of(resources.events).list();
    await vi.waitFor(() => expect(events()).toHaveLength(1), { timeout: 20_000 });
    expect(events()[0]).toMatchObject({
      ...{ type: "Warning", reason: "CertificateEnding", reportingController: "outrigger.dev/webhook" },
      regarding: { kind: "Deployment", namespace: "outrigger-system", name: "outrigger-webhook" },
      note: expect.stringMatching(/^The webhook's certificate ends at .* and was not renewed/) as unknown,
    });
    expect(JSON.stringify(webhook.logs())).toContain("CertificateEnding");
  } finally {
    await webhook.stop();
    await kube.close();
  }
});

it("does not start with a certificate that has ended, and says which", async () => {
  const folder = makeTestFolder("webhook");
  write(folder, await issueLeaf(authority, { names: ["localhost"], nowMs: nowMs - 2 * dayMs, lifetimeMs: dayMs }));
  const ended = await runToEnd(["--certificates", "files", "--certificate-folder", folder]);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toContain(`--certificate-folder ${folder}: the certificate ended at`);
});
