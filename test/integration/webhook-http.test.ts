/** The webhook against callers that are no API server: wrong methods, wrong bodies, and raw bytes on the socket. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { connect, type TLSSocket } from "node:tls";
import { entries } from "@outrigger/webhook/inject";
import fc from "fast-check";
import jsonPatch, { type Operation } from "fast-json-patch";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { validatingEntries } from "../../webhook/src/validate/registration.ts";
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

  /** A review whose pod has a spec that is written down as it stands. */
  const reviewWithSpec = (spec: string): string =>
    reviewOf(null).replace(
      '"object":null',
      `"object":{"metadata":{"labels":{"outrigger.dev/inject":"enabled"}},"spec":${spec}}`,
    );

  it("refuses what is nested deeper than any pod, and takes the depth of pods", async () => {
    const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;
    const refused = await post(webhook, "/mutate/pod", reviewWithSpec(nested(200_000)));
    expect([refused.status, refused.body]).toEqual([400, '{"problem":"the body is nested deeper than 500 levels"}']);
    const answer = await post(webhook, "/mutate/pod", reviewWithSpec(nested(400)));
    expect(reasonOf(answer.body)).toBe("InvalidPod");
  });

  it.each([
    ["empty lists", "[]"],
    ["empty objects", "{}"],
    ["numbers", "1"],
    ["texts", '""'],
  ])("refuses 7 MiB of %s unread, and holds no memory for it", async (_name, part) => {
    const count = Math.floor((6.9 * 1024 * 1024) / (part.length + 1));
    const body = reviewWithSpec(`[${`${part},`.repeat(count)}0]`);
    const readRss = (): number =>
      Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${webhook.pid}/status`, "utf8"))?.[1]) * 1024;
    const before = readRss();
    for (let round = 0; round < 5; round += 1) {
      const refused = await post(webhook, "/mutate/pod", body);
      expect([refused.status, refused.body]).toEqual([400, '{"problem":"the body has more than 500000 parts"}']);
    }
    // The bodies themselves; what they would become is several times as much each.
    expect(readRss() - before).toBeLessThan(96 * 1024 * 1024);
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

describe("reviews by the book", () => {
  interface Response {
    readonly uid: string;
    readonly allowed: boolean;
    readonly patchType?: string;
    readonly patch?: string;
    readonly warnings?: readonly string[];
    readonly status?: { readonly code: number; readonly reason: string; readonly message: string };
    readonly auditAnnotations: Readonly<Record<string, string>>;
  }
  const ask = async (body: string | Buffer, path = "/mutate/pod"): Promise<Response> => {
    const answer = await post(webhook, path, body);
    expect(answer.status).toBe(200);
    return (JSON.parse(answer.body) as { response: Response }).response;
  };

  it.each([
    ["another version", { apiVersion: "admission.k8s.io/v2" }, "apiVersion: expected admission.k8s.io/v1 or "],
    ["a version that is no text", { apiVersion: 1 }, "apiVersion: expected "],
    ["another group", { apiVersion: "apps/v1" }, "apiVersion: expected "],
    ["another kind", { kind: "ConversionReview" }, "kind: expected AdmissionReview"],
    ["a list of requests", { request: [] }, "request.uid is missing"],
    ["a uid of 300 letters", { request: { uid: "u".repeat(300) } }, "request.uid: expected at most 256 characters"],
  ])("%s is answered with HTTP 400 and what is expected", async (_name, change, problem) => {
    const body = JSON.stringify({ ...(JSON.parse(reviewOf(plainPod)) as object), ...change });
    const answer = await post(webhook, "/mutate/pod", body);
    expect(answer.status).toBe(400);
    expect((JSON.parse(answer.body) as { problem: string }).problem).toContain(problem);
  });

  const ofDeployments = { group: "apps", version: "v1", kind: "Deployment" };
  it.each([
    ["a change", { operation: "UPDATE", oldObject: plainPod }],
    ["a deletion", { operation: "DELETE", object: null, oldObject: plainPod }],
    ["a connection", { operation: "CONNECT" }],
    ["an operation that nobody knows", { operation: "RENAME" }],
    ["no operation", { operation: undefined }],
    ["status", { subResource: "status", operation: "UPDATE" }],
    ["a binding", { subResource: "binding" }],
    ["ephemeral containers", { subResource: "ephemeralcontainers", operation: "UPDATE" }],
    ["another kind", { kind: ofDeployments }],
    ["another version of pods", { kind: { group: "", version: "v2", kind: "Pod" } }],
    ["no kind", { kind: null }],
  ])("%s passes untouched, on every path", async (_name, change) => {
    for (const { path } of entries) {
      const response = await ask(reviewOf(plainPod, change), path);
      expect(response).toMatchObject({
        allowed: true,
        auditAnnotations: { decision: "skip", reason: "NotApplicable" },
      });
      expect([response.patch, response.patchType, response.status]).toEqual([undefined, undefined, undefined]);
    }
  });

  it.each([null, 7, "pod", []])("the creation of %j is refused as no pod, on every path", async (object) => {
    for (const { path } of entries)
      expect(await ask(reviewOf(object), path)).toMatchObject({
        allowed: false,
        status: { code: 400, reason: "InvalidPod", message: expect.stringContaining("[InvalidPod]") as unknown },
      });
  });

  it("takes a pod of 3 MB, whose patch is that of a small one", async () => {
    const withNote = (note: string): object => ({
      ...plainPod,
      metadata: { ...plainPod.metadata, annotations: { note } },
    });
    const [small, large] = [await ask(reviewOf(withNote("x"))), await ask(reviewOf(withNote("x".repeat(3_000_000))))];
    expect(large).toMatchObject({ allowed: true, patchType: "JSONPatch" });
    expect(large.patch).toBe(small.patch);
  });

  const tricks = [
    ["a direction of reading", "80\u202E08"],
    ["letters without width", "80\u200B\uFEFF80"],
    ["letters that look like others", "h\u0442\u0442p"],
    ["NUL", "80\u000080"],
    ["a line break", "8080\r\n[Injected]"],
    ["half of a letter", "\uD800"],
    ["256 KiB", "x".repeat(256 * 1024)],
  ] as const;

  it.each(tricks)("F-021 %s in a value is refused in one line that shows it", async (_name, value) => {
    const metadata = { ...plainPod.metadata, annotations: { "outrigger.dev/port": value } };
    const { allowed, status } = await ask(reviewOf({ ...plainPod, metadata }));
    expect([allowed, status?.code, status?.reason]).toEqual([false, 422, "InvalidAnnotation"]);
    expect(status?.message).toMatch(/^[\P{C}]{1,400}$/u);
    expect(status?.message).toContain("outrigger.dev/port=");
  });

  it.each(tricks)("%s in a key or in the label is shown, too", async (_name, value) => {
    const metadata = {
      ...{ ...plainPod.metadata, annotations: { [`outrigger.dev/${value}`]: "x" } },
      name: `search${value}`,
    };
    const { warnings = [] } = await ask(reviewOf({ ...plainPod, metadata }));
    expect(warnings.length).toBeGreaterThan(0);
    for (const warning of warnings) expect(warning).toMatch(/^[\P{C}]{1,120}$/u);
    const labels = { "outrigger.dev/inject": value };
    const { status } = await ask(reviewOf({ ...plainPod, metadata: { ...metadata, labels } }));
    expect([status?.code, status?.reason]).toEqual([422, "InvalidInjectValue"]);
    expect(status?.message).toMatch(/^[\P{C}]{1,400}$/u);
  });

  it("bounds what it says of a pod with thousands of problems", async () => {
    const containers = Array.from({ length: 3_000 }, (_, index) => ({ name: `outrigger-${index}` }));
    const { status } = await ask(reviewOf({ ...plainPod, spec: { containers } }));
    expect(status?.message).toMatch(/^300[0-9] problems in .*; and 29[0-9]{2} more$/);
    expect(status?.message.length).toBeLessThan(8_192);
  });

  it("answers whatever bytes come with a review or with HTTP 400, and no patch is half a patch", async () => {
    const whole = Buffer.from(reviewOf(plainPod));
    const place = fc.nat({ max: whole.length - 1 });
    const change = fc.oneof(
      fc.record({ at: place, by: fc.uint8Array({ minLength: 1, maxLength: 8 }), over: fc.nat({ max: 8 }) }),
      fc.record({ at: place, by: fc.constantFrom("null", "[]", "{}", '"x"', "1e999", ","), over: fc.nat({ max: 30 }) }),
      fc.record({ at: place, by: fc.constant(""), over: fc.nat({ max: whole.length }) }),
    );
    const bodies = fc.oneof(
      fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => changes.reduce(splice, whole)),
      fc.json().map((text) => Buffer.from(reviewOf(null).replace('"object":null', `"object":${text}`))),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    );
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await fc.assert(
      fc.asyncProperty(bodies, fc.constantFrom(...allPaths), async (body, path) => {
        const answer = await post(webhook, path, body, { agent });
        expect([200, 400]).toContain(answer.status);
        if (answer.status === 400) {
          expect(answer.body).toMatch(/^\{"problem":"[^"]+/);
          return;
        }
        const { response } = JSON.parse(answer.body) as { response: Response };
        expect(response.auditAnnotations["reason"]).not.toBe("Internal");
        expect(response.patch === undefined).toBe(response.patchType === undefined);
        if (!response.allowed) expect(response.patch).toBeUndefined();
        if (response.patch !== undefined) applyTo(body, response.patch);
      }),
      { numRuns: 400 },
    );
    agent.destroy();
  }, 60_000);

  const allPaths = [...entries, ...validatingEntries].map(({ path }) => path);

  const splice = (from: Buffer, { at, by, over }: { at: number; by: string | Uint8Array; over: number }): Buffer =>
    Buffer.concat([from.subarray(0, at), Buffer.from(by), from.subarray(at + over)]);

  /** Throws where an operation does not fit the object that was asked about. */
  function applyTo(body: Buffer, patch: string): void {
    const { object } = (JSON.parse(body.toString()) as { request: { object: object } }).request;
    jsonPatch.applyPatch(object, JSON.parse(Buffer.from(patch, "base64").toString()) as Operation[], true);
  }
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

  it("refuses large bodies when too many of them are on their way, and goes on answering small ones", async () => {
    const head = `POST /mutate/pod HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${7 * 1024 * 1024}\r\n\r\n`;
    const held: TLSSocket[] = [];
    // Each sends its head and never its body.
    for (let count = 0; count < 4; count += 1) {
      const socket = await dial();
      socket.write(head);
      held.push(socket);
    }
    const ask = async (): Promise<string> => {
      const socket = await dial();
      socket.write(head);
      const seen = await readUntil(socket, "}");
      socket.destroy();
      return seen;
    };
    expect(await ask()).toMatch(/^HTTP\/1\.1 429 .*retry-after: 1\r\n.*\{"problem":"too many large bodies at once"\}/s);
    expect((await post(webhook, "/mutate/pod", reviewOf(plainPod))).status).toBe(200);
    for (const socket of held) socket.destroy();
    const large = reviewOf({
      ...plainPod,
      metadata: { ...plainPod.metadata, annotations: { note: "x".repeat(2 ** 22) } },
    });
    await vi.waitFor(async () => expect((await post(webhook, "/mutate/pod", large)).status).toBe(200));
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
