/** The webhook against callers that are no API server: wrong methods, wrong bodies, and raw bytes on the socket. */
import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";
import { plainPod, post, reviewOf, startWebhook, type WebhookProcess } from "./webhook-process.ts";

const folder = nameFileFolder("webhook");
let webhook: WebhookProcess;
beforeAll(async () => {
  webhook = await startWebhook(folder);
});
afterAll(() => webhook.stop());

const json = { "content-type": "application/json" };
const reasonOf = (body: string): string =>
  // Our own answer; a missing member shows as a failed comparison.
  (JSON.parse(body) as { response: { auditAnnotations: { reason: string } } }).response.auditAnnotations.reason;

describe("requests that are no reviews", () => {
  const review = reviewOf(plainPod);
  it.each([
    ["another method", "GET", json, "", 405],
    ["another method with a body", "PUT", json, review, 405],
    ["HEAD", "HEAD", json, "", 405],
    ["another type", "POST", { "content-type": "text/plain" }, review, 415],
    ["a type that only begins right", "POST", { "content-type": "application/jsonx" }, review, 415],
    ["no type", "POST", {}, review, 415],
    ["no body", "POST", json, "", 400],
    ["no JSON", "POST", json, "{", 400],
    ["JSON that is no object", "POST", json, "[]", 400],
    ["a review without a request", "POST", json, "{}", 400],
    ["a review without uid", "POST", json, reviewOf(plainPod, { uid: "" }), 400],
    ["a uid that is no text", "POST", json, reviewOf(plainPod, { uid: 7 }), 400],
    ["a byte order mark", "POST", json, `\uFEFF${review}`, 400],
  ])("answers %s in plain HTTP, without a stack", async (_name, method, headers, body, status) => {
    const answer = await post(webhook, "/mutate/pod", body, { method, headers });
    expect(answer.status).toBe(status);
    expect(answer.body).not.toMatch(/at .+:\d+/);
    if (method !== "HEAD") expect(JSON.parse(answer.body)).toEqual({ problem: expect.any(String) as unknown });
    if (status === 405) expect(answer.headers["allow"]).toBe("POST");
  });

  it("refuses bytes that are not UTF-8", async () => {
    const bytes = Buffer.concat([Buffer.from('{"request":{"uid":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}}')]);
    expect((await post(webhook, "/mutate/pod", bytes)).status).toBe(400);
  });

  it("takes the type with a parameter and in any case", async () => {
    for (const type of ["application/json; charset=utf-8", "Application/JSON"])
      expect((await post(webhook, "/mutate/pod", review, { headers: { "content-type": type } })).status).toBe(200);
  });

  it("answers 404 on other paths", async () => {
    expect((await post(webhook, "/mutate/pods", review)).status).toBe(404);
    expect((await post(webhook, "/", review)).status).toBe(404);
  });

  it("takes a review of 6 MiB and refuses one of 8 MiB", async () => {
    const padded = (mebibytes: number): string =>
      reviewOf({
        ...plainPod,
        metadata: { ...plainPod.metadata, annotations: { note: "x".repeat(mebibytes * 1024 * 1024) } },
      });
    expect((await post(webhook, "/mutate/pod", padded(6))).status).toBe(200);
    const refused = await post(webhook, "/mutate/pod", padded(8)).catch((error: unknown) => String(error));
    // The answer may meet a caller that is still sending.
    expect(typeof refused === "object" ? String(refused.status) : refused).toMatch(/^413$|EPIPE|ECONNRESET/);
    expect((await post(webhook, "/mutate/pod", review)).status).toBe(200);
  });
});

describe("hostile JSON", () => {
  it("F-020 takes a key named __proto__ for a key like any other", async () => {
    const pod = JSON.stringify(plainPod).replace(
      '"metadata":{',
      '"__proto__":{"spec":{}},"metadata":{"__proto__":{"labels":{}},',
    );
    const answer = await post(webhook, "/mutate/pod", reviewOf(null).replace('"object":null', `"object":${pod}`));
    expect(answer.status).toBe(200);
    expect(reasonOf(answer.body)).toBe("Injected");
  });

  it("answers a pod of great depth", async () => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    const body = reviewOf(null).replace(
      '"object":null',
      `"object":{"metadata":{"labels":{"outrigger.dev/inject":"enabled"}},"spec":${deep}}`,
    );
    const answer = await post(webhook, "/mutate/pod", body);
    expect(answer.status).toBe(200);
    expect(reasonOf(answer.body)).toBe("InvalidPod");
  });

  it("lets the last of two equal keys count, as the API server's own reader does", async () => {
    const pod = JSON.stringify(plainPod).replace('"labels":{', '"labels":{"outrigger.dev/inject":"disabled",');
    const answer = await post(webhook, "/mutate/pod", reviewOf(null).replace('"object":null', `"object":${pod}`));
    expect(reasonOf(answer.body)).toBe("Injected");
  });

  it.each([["null"], ["7"], ['"pod"'], ["[]"], ["{}"]])(
    "refuses %s in the place of a pod, or leaves it alone",
    async (pod) => {
      const answer = await post(
        webhook,
        "/mutate/enforced",
        reviewOf(null).replace('"object":null', `"object":${pod}`),
      );
      expect(answer.status).toBe(200);
      expect(reasonOf(answer.body)).toBe("InvalidPod");
    },
  );
});

describe("raw bytes", () => {
  async function dial(): Promise<TLSSocket> {
    const socket = connect({
      host: "127.0.0.1",
      port: webhook.tlsPort,
      servername: "localhost",
      ca: webhook.authority(),
    });
    await once(socket, "secureConnect");
    return socket;
  }

  /** Reads until a text was seen `times` times or the other side ended. */
  async function readUntil(socket: TLSSocket, text: string, times = 1): Promise<string> {
    let seen = "";
    for await (const chunk of socket) {
      seen += String(chunk);
      if (seen.split(text).length > times) break;
    }
    return seen;
  }

  const requestOf = (uid: string): string => {
    const body = reviewOf(plainPod, { uid });
    return `POST /mutate/pod HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  };

  it("answers pipelined reviews in their order", async () => {
    const socket = await dial();
    socket.write(requestOf("first") + requestOf("second"));
    const seen = await readUntil(socket, '"uid":', 2);
    socket.destroy();
    expect(seen.indexOf('"uid":"first"')).toBeGreaterThan(0);
    expect(seen.indexOf('"uid":"second"')).toBeGreaterThan(seen.indexOf('"uid":"first"'));
  });

  it("survives a review that breaks off", async () => {
    const socket = await dial();
    socket.write(requestOf("truncated").slice(0, -40));
    socket.end();
    await once(socket.resume(), "close");
    expect((await post(webhook, "/mutate/pod", reviewOf(plainPod))).status).toBe(200);
    expect(webhook.logs().some((line) => line["requestId"] === "truncated")).toBe(false);
  });

  it("answers what is no HTTP with 400", async () => {
    const socket = await dial();
    socket.write("NOT HTTP\r\n\r\n");
    expect(await readUntil(socket, "\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    socket.destroy();
  });

  it("ends a connection whose headers do not come", async () => {
    const socket = await dial();
    socket.write("POST /mutate/pod HTTP/1.1\r\nhost: x\r\nx-slow: ");
    const seen = await readUntil(socket, "never seen");
    expect(seen).toMatch(/^HTTP\/1\.1 408 /);
    expect(socket.readableEnded || socket.destroyed).toBe(true);
  }, 30_000);

  it("refuses TLS 1.1 to a client that would take it", async () => {
    const versions = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    const socket = connect({ host: "127.0.0.1", port: webhook.tlsPort, ca: webhook.authority(), ...versions });
    await expect(once(socket, "secureConnect")).rejects.toMatchObject({
      code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
    });
    socket.destroy();
  });
});
