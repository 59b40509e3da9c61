import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { wakeStatus, type WakeAnswer } from "@outrigger/api/wake";
import { Agent } from "undici";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { createAsk, judgeAnswer } from "../../aggregator/src/wake/ask.ts";

interface Asked {
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

const asked: Asked[] = [];
const dispatcher = new Agent();
const server = createServer((req: IncomingMessage, res) => {
  const chunks: Buffer[] = [];
  req.on("data", (chunk: Buffer) => chunks.push(chunk));
  req.on("end", () => {
    asked.push({ path: req.url, authorization: req.headers.authorization, body: Buffer.concat(chunks).toString() });
    res.writeHead(200, { "content-type": "application/json" }).end('{"reason":"Woken"}');
  });
});
let baseUrl = "";
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on TCP has this form of address.
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await dispatcher.destroy();
  server.close();
});

const files = { namespace: "tools", server: "files" };
const { signal } = new AbortController();

it("asks with the token that stands in the file now", async () => {
  const tokenFile = join(makeTestFolder("ask"), "token");
  const ask = createAsk({ dispatcher, baseUrl, tokenFile });
  for (const token of ["first", "second"]) {
    await writeFile(tokenFile, `${token}\n`);
    expect(await ask(files, signal)).toEqual({ kind: "asked" });
  }
  expect(asked.map(({ path, authorization }) => [path, authorization])).toEqual([
    ["/v1/wake", "Bearer first"],
    ["/v1/wake", "Bearer second"],
  ]);
  expect(asked.map(({ body }) => JSON.parse(body) as unknown)).toEqual([files, files]);
});

it("F-184 can ask again where there is no token, or nobody answers, and names the setting of each", async () => {
  const folder = makeTestFolder("ask");
  const tokenFile = join(folder, "token");
  const failed = { kind: "failed", message: expect.stringMatching(/ENOENT.*\(from --wake-token\)/) as string };
  expect(await createAsk({ dispatcher, baseUrl, tokenFile })(files, signal)).toEqual(failed);
  await writeFile(tokenFile, "t");
  const nobody = createAsk({ dispatcher, baseUrl: "http://127.0.0.1:1", tokenFile });
  const refused = await nobody(files, signal);
  expect(refused.kind === "failed" && refused.message).toBe(
    "The operator can't be asked: can't reach http://127.0.0.1:1 (from --wake-url): nothing listens there (ECONNREFUSED).",
  );
  const given = await nobody(files, AbortSignal.abort());
  expect(given.kind).toBe("failed");
});

it("takes refusals as final that another try would not change, and only those", () => {
  const kinds = Object.entries(wakeStatus).map(([reason, status]) => {
    const body = JSON.stringify({ reason, message: "because" } satisfies { reason: string; message: string });
    return [reason as WakeAnswer["reason"], judgeAnswer(status, body).kind];
  });
  expect(Object.fromEntries(kinds)).toEqual({
    Woken: "asked",
    NotAsleep: "asked",
    RequestMalformed: "refused",
    WakerUnverified: "refused",
    WakerNotAllowed: "refused",
    WakeFailed: "failed",
  });
  expect(judgeAnswer(403, '{"reason":"WakerNotAllowed","message":"who"}')).toEqual({
    kind: "refused",
    message: "The operator says WakerNotAllowed: who",
  });
  for (const body of ["", "<html>", "[]", '{"reason":"Other"}']) expect(judgeAnswer(502, body).kind).toBe("failed");
});
