/** The door's own reader of requests beside Node's: what Node refuses is not read, and what both read they read alike. */
import { createServer, METHODS, type IncomingMessage } from "node:http";
import { duplexPair } from "node:stream";
import { describe, expect, it } from "vitest";
import { createRequestReader } from "../../sidecar/src/downstream/http1/request-reader.ts";
import type { RequestHead } from "../../sidecar/src/downstream/http1/request-head.ts";
import { callOf, writeChunked, writeRequest } from "../fuzz/generators/request.ts";
import { writeSmuggled } from "../fuzz/generators/smuggle.ts";
import { createRandom } from "../fuzz/random.ts";

/** A request that was read to its end; `headers` without its length. */
interface Read {
  readonly method: string | undefined;
  readonly target: string | undefined;
  readonly rawHeaders: readonly string[];
  readonly headers: unknown;
  readonly body: string;
}

/** Reads until the first request that ends its connection, as a connection does. */
function readByUs(bytes: Buffer): readonly Read[] {
  const read: Read[] = [];
  let head: RequestHead | undefined;
  let body = "";
  let isOver = false;
  const reader = createRequestReader(
    {
      onHead: (each) => {
        head = each;
        body = "";
      },
      onData: (chunk) => (body += chunk.toString("latin1")),
      onEnd: () => {
        if (head === undefined || isOver) return;
        const { method, target, rawHeaders, headers } = head;
        read.push({ method, target, rawHeaders, headers, body });
        isOver = head.wantsEnd;
      },
      onFault: () => undefined,
    },
    { last: undefined },
  );
  for (let rest: Buffer | undefined = bytes; rest !== undefined;) rest = reader.push(rest);
  return read;
}

async function readByNode(bytes: Buffer): Promise<readonly Read[]> {
  const read: Read[] = [];
  const { promise: over, resolve } = Promise.withResolvers<undefined>();
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString("latin1")));
    request.on("error", () => undefined);
    request.on("end", () => {
      const { method, url: target } = request;
      read.push({ method, target, ...withoutLength(request), body });
      response.end();
    });
  });
  server.on("checkContinue", (request, response) => server.emit("request", request, response));
  // What was read before is told first.
  server.on("clientError", (_error, socket) => void setImmediate(() => void socket.destroy()));
  const [ours, theirs] = duplexPair();
  for (const side of [ours, theirs]) side.on("error", () => undefined).on("close", () => resolve(undefined));
  server.emit("connection", theirs);
  ours.resume().end(bytes);
  await over;
  return read;
}

function withoutLength({ rawHeaders, headers }: IncomingMessage): Pick<Read, "rawHeaders" | "headers"> {
  const isKept = (at: number): boolean => rawHeaders[at - (at % 2)]?.toLowerCase() !== "content-length";
  const others = Object.entries(headers).filter(([name]) => name !== "content-length");
  return { rawHeaders: rawHeaders.filter((_, at) => isKept(at)), headers: Object.fromEntries(others) };
}

/** Methods that Node does not know end its reading; the door knows three, and refuses the others with words. */
function knownToNode(read: readonly Read[]): readonly Read[] {
  const unknown = read.findIndex(({ method = "" }) => !METHODS.includes(method));
  return unknown < 0 ? read : read.slice(0, unknown);
}

describe("requests read by the door and by Node", () => {
  it("are the same, or the door reads fewer, of 1,500 that mean to be taken for others", async () => {
    const random = createRandom(20_260_728);
    let both = 0;
    for (let count = 0; count < 1_500; count++) {
      const bytes = writeSmuggled(random);
      const text = bytes.toString("latin1");
      // An upgrade that nobody offers is an ordinary request, as RFC 9110 section 7.8 has it, and what follows an end is not looked at.
      if (/^(?:upgrade:|connection: close)|HTTP\/1\.0/im.test(text)) continue;
      const node = await readByNode(bytes);
      const ours = knownToNode(readByUs(bytes));
      both += ours.length;
      expect(ours, text).toEqual(node.slice(0, ours.length));
    }
    expect(both).toBeGreaterThan(150);
  });

  it("are the same of everything that clients send", async () => {
    const lines = [
      "Accept: application/json, text/event-stream", "accept-encoding: gzip, deflate, br", "accept-language: *", "sec-fetch-mode: cors",
      "user-agent: node", "User-Agent: python-httpx/0.28", "Connection: keep-alive", "Mcp-Session-Id: a-b",
      "MCP-Protocol-Version: 2025-11-25", "Authorization: Bearer a.b.c", "cookie: a=b", "cookie: c=d", "X-Empty:", "X-Many: a", "x-many:  b ",
      "Referer: http://a/", "referer: http://b/", "TE: trailers", "expect: 100-continue", "x-latin: \u00e9", "__proto__: a", "set-cookie: a",
    ]; // prettier-ignore
    const random = createRandom(7);
    for (let count = 0; count < 500; count++) {
      const headers = lines.filter(() => random.oneIn(3));
      const target = random.pick(["/mcp", "/mcp?a=b&c=%20", "/", "*", "http://localhost:1/mcp", "/a/../b;c"]);
      const body = callOf("echo", count);
      const requests = [
        writeRequest({ method: "GET", target, headers }),
        writeRequest({ target, headers, body }),
        writeRequest({ target, headers: [...headers, "Transfer-Encoding: chunked"], body: writeChunked(body, [1, 7]) }),
      ];
      const bytes = Buffer.concat(requests.filter(() => !random.oneIn(3)));
      const node = await readByNode(bytes);
      expect(readByUs(bytes), bytes.toString("latin1")).toEqual(node);
    }
  });
});
