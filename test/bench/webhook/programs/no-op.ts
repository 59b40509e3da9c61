/**
 * What the webhook is compared with: its own server with its own certificate, limits and reader of reviews, that allows every pod without
 * deciding anything: as it is, or with a patch that was made before. Options: port, the address in its certificate, the file for its
 * authority, a file that takes every body, if any, and the patches by the pod's label `app`, if any.
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createSelfSource } from "@outrigger/certs";
import type { Reviewed } from "../../../../webhook/src/server/answer.ts";
import { createWebhookApp } from "../../../../webhook/src/server/app.ts";
import { receive } from "../../../../webhook/src/server/receive.ts";
import { findApp } from "../app-of.ts";

/** In base64, as they stand in an answer. */
type Patches = Readonly<Record<string, string>>;

const dayMs = 86_400_000;

interface Options {
  readonly port?: string;
  readonly address?: string;
  readonly authority?: string;
  readonly record?: string;
  readonly patches?: string;
}

async function main({ port, address = "", authority = "", record, patches: patchesFile }: Options): Promise<void> {
  const patches = patchesFile === undefined ? {} : (JSON.parse(readFileSync(patchesFile, "utf8")) as Patches);
  const source = await createSelfSource({
    names: ["localhost", "127.0.0.1", address],
    ...{ authorityLifetimeMs: dayMs, leafLifetimeMs: dayMs, checkMs: dayMs },
    nowMs: () => Date.now(),
    onProblem: (problem) => console.error(problem),
  });
  writeFileSync(authority, source.authorityPem);
  const allow = (body: Uint8Array): Promise<Reviewed> => {
    if (record !== undefined) appendFileSync(record, `${Buffer.from(body).toString()}\n`);
    const received = receive(body);
    if (!received.ok) return Promise.resolve(received);
    const { apiVersion, kind, uid } = received.review;
    const auditAnnotations = { decision: "skip", reason: "NotApplicable", configHash: "" };
    const patch = patches[findApp(received.review)];
    const patched = patch === undefined ? {} : ({ patchType: "JSONPatch", patch } as const);
    return Promise.resolve({
      ok: true,
      answer: { apiVersion, kind, response: { uid, allowed: true, ...patched, auditAnnotations } },
    });
  };
  const app = createWebhookApp(source.current(), { review: allow, validate: allow }, () => false);
  await app.listen({ host: "0.0.0.0", port: Number(port) });
}

process.stdin.resume().on("end", () => process.exit(0));
const text = { type: "string" } as const;
void main(parseArgs({ options: { port: text, address: text, authority: text, record: text, patches: text } }).values);
