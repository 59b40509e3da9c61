/** Admissions leave nothing behind: the server of the webhook over real TLS and kept connections, in this process so that its heap can be read. */
import { Agent, request } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createAuthority, issueLeaf } from "@outrigger/certs";
import { createLogger } from "@outrigger/runtime/logger";
import { createMetrics } from "@outrigger/runtime/metrics";
import { expect, it, onTestFinished } from "vitest";
import { defaultConfig } from "../../webhook/src/inject/config.ts";
import { createWebhookApp } from "../../webhook/src/server/app.ts";
import { unsignedInstallation } from "../../webhook/src/server/installation.ts";
import { createWebhookMetrics } from "../../webhook/src/server/metrics.ts";
import { createStaticNamespaces } from "../../webhook/src/server/namespaces.ts";
import { createReviewer } from "../../webhook/src/server/review.ts";
import { createValidator } from "../../webhook/src/server/validate.ts";
import { plainPod, reviewOf } from "./webhook-process.ts";

const admissions = 5_000;
const samples = 5;

/** Starts the server and gives what sends a body to it. */
async function startServer(): Promise<(path: string, body: string) => Promise<string>> {
  const nowMs = Date.now();
  const authority = await createAuthority({ commonName: "test", nowMs, lifetimeMs: 3_600_000, keyBits: 2048 });
  const leaf = await issueLeaf(authority, { names: ["localhost"], nowMs, lifetimeMs: 3_600_000 });
  const deps = {
    config: () => defaultConfig,
    namespaces: createStaticNamespaces({ labels: {}, annotations: {} }),
    installation: unsignedInstallation,
    metrics: createWebhookMetrics(createMetrics({ component: "webhook", version: "0.0.0" })),
    logger: createLogger({ component: "webhook", version: "0.0.0", destination: { write: () => undefined } }),
    nowMs: () => performance.now(),
  };
  const answerers = { review: createReviewer(deps), validate: createValidator(deps) };
  const app = createWebhookApp(leaf, answerers, () => false);
  await app.listen({ host: "127.0.0.1", port: 0 });
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  onTestFinished(async () => {
    agent.destroy();
    await app.close();
  });
  const { port } = app.server.address() as AddressInfo;
  const target = { host: "127.0.0.1", port, servername: "localhost", ca: authority.certificatePem, agent };
  return (path, body) =>
    new Promise((resolve, reject) => {
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      request({ ...target, path, method: "POST", headers })
        .on("error", reject)
        .on("response", (response) => void text(response).then(resolve, reject))
        .end(body);
    });
}

/** A pod like no other before: names, values and keys of users are what memory could be kept for. */
function podOf(index: number): object {
  const annotations = {
    "outrigger.dev/port": index % 3 === 0 ? `p${index}` : "8080",
    [`outrigger.dev/k${index}`]: "x",
  };
  return { ...plainPod, metadata: { ...plainPod.metadata, name: `search-${index}`, annotations } };
}

/** Four at once, as many as there are connections. */
async function admitFour(send: Awaited<ReturnType<typeof startServer>>, first: number): Promise<void> {
  const bodies = [0, 1, 2, 3].map((offset) => reviewOf(podOf(first + offset), { uid: `u-${first + offset}` }));
  const answers = await Promise.all(bodies.map((body) => send("/mutate/pod", body)));
  const odd = answers.find((answer) => !answer.includes('"auditAnnotations"'));
  if (odd !== undefined) throw new Error(odd);
}

function readHeap(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

it(`holds no more memory after ${admissions} admissions of different pods than after the first fifth of them`, async () => {
  const send = await startServer();
  const heaps: number[] = [];
  const perSample = admissions / samples;
  for (let sample = 0; sample < samples; sample += 1) {
    for (let index = 0; index < perSample; index += 4) await admitFour(send, sample * perSample + index);
    heaps.push(readHeap());
  }
  const [first = 0] = heaps;
  // Pods that were kept would be 16 MB by then.
  for (const heap of heaps.slice(1)) expect(heap - first, heaps.join(" ")).toBeLessThan(4 * 1024 * 1024);
}, 300_000);
