/**
 * What the webhook is compared with: its own server with its own certificate, limits and reader of reviews, that allows every pod without
 * looking at it. Arguments: port, the address in its certificate, the file for its authority, and a file that takes every body, if any.
 */
import { appendFileSync, writeFileSync } from "node:fs";
import { createSelfSource } from "@outrigger/certs";
import type { Reviewed } from "../../../../webhook/src/server/answer.ts";
import { createWebhookApp } from "../../../../webhook/src/server/app.ts";
import { receive } from "../../../../webhook/src/server/receive.ts";

const dayMs = 86_400_000;

async function main(port: string, address: string, authorityFile: string, recordFile: string | undefined) {
  const source = await createSelfSource({
    names: ["localhost", "127.0.0.1", address],
    ...{ authorityLifetimeMs: dayMs, leafLifetimeMs: dayMs, checkMs: dayMs },
    nowMs: () => Date.now(),
    onProblem: (problem) => console.error(problem),
  });
  writeFileSync(authorityFile, source.authorityPem);
  const allow = (body: Uint8Array): Promise<Reviewed> => {
    if (recordFile !== undefined) appendFileSync(recordFile, `${Buffer.from(body).toString()}\n`);
    const received = receive(body);
    if (!received.ok) return Promise.resolve(received);
    const { apiVersion, kind, uid } = received.review;
    const auditAnnotations = { decision: "skip", reason: "NotApplicable", configHash: "" };
    return Promise.resolve({
      ok: true,
      answer: { apiVersion, kind, response: { uid, allowed: true, auditAnnotations } },
    });
  };
  const app = createWebhookApp(source.current(), { review: allow, validate: allow }, () => false);
  await app.listen({ host: "0.0.0.0", port: Number(port) });
}

process.stdin.resume().on("end", () => process.exit(0));
const [port = "0", address = "127.0.0.1", authorityFile = "", recordFile] = process.argv.slice(2);
void main(port, address, authorityFile, recordFile);
