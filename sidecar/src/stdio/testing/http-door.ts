/** For tests: puts an upstream behind a real HTTP port, with nothing of the call path in between. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { scanMessage, type ScannedMessage } from "@outrigger/mcp";
import { buildForwardHeaders } from "../../call/forward.ts";
import type { Upstream, UpstreamCall, UpstreamFailure, UpstreamRequest } from "../../upstream/upstream.ts";

/** An open door. `failures` lists what the upstream could not answer, in order. */
export interface HttpDoor {
  readonly url: URL;
  readonly failures: readonly UpstreamFailure[];
  readonly close: () => Promise<void>;
}

/** Opens a door on a free port of 127.0.0.1. The header `x-caller` names the caller, `x-assertion` what vouches for it. */
export async function openHttpDoor(upstream: Upstream): Promise<HttpDoor> {
  const failures: UpstreamFailure[] = [];
  const server = createServer((incoming, outgoing) => {
    readBody(incoming).then(
      (body) => pass({ upstream, failures, incoming, outgoing }, body),
      // The client left before its request was whole: nobody waits for an answer.
      () => outgoing.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A TCP server has an address object.
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/mcp`),
    failures,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

interface Exchange {
  readonly upstream: Upstream;
  readonly failures: UpstreamFailure[];
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

function pass({ upstream, failures, incoming, outgoing }: Exchange, body: Buffer): void {
  let hasEnded = false;
  outgoing.on("drain", () => call.resume());
  outgoing.on("close", () => {
    if (!hasEnded) call.abort();
  });
  const call: UpstreamCall = upstream.send(buildRequest(incoming, body), {
    onHead(status, headers) {
      outgoing.writeHead(status, [...headers]);
      outgoing.flushHeaders();
    },
    onData: (chunk) => outgoing.write(chunk),
    onEnd() {
      hasEnded = true;
      outgoing.end();
    },
    onFailure(failure) {
      hasEnded = true;
      failures.push(failure);
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(503, { "content-type": "application/json" }).end(JSON.stringify(failure));
    },
  });
}

/** Builds what the call path would hand on. */
function buildRequest(incoming: IncomingMessage, body: Buffer): UpstreamRequest {
  const method = incoming.method === "GET" || incoming.method === "DELETE" ? incoming.method : "POST";
  const session = incoming.headers["mcp-session-id"];
  const { "x-caller": caller, "x-assertion": assertion } = incoming.headers;
  return {
    method,
    path: incoming.url ?? "/",
    headers: buildForwardHeaders(incoming.rawHeaders, { host: incoming.headers.host ?? "", extra: [] }),
    caller: typeof caller === "string" ? caller : "somebody",
    ...(typeof assertion === "string" ? { assertion } : {}),
    ...(typeof session === "string" ? { sessionId: session } : {}),
    ...(body.length === 0 ? {} : readMessages(body)),
  };
}

function readMessages(body: Buffer): Partial<UpstreamRequest> {
  const scanned = scanMessage(body);
  if (scanned.kind === "refused") throw new Error(`the test sent no message: ${scanned.problem}`);
  if (scanned.kind === "message") return { body, message: scanned.message };
  return { body, batch: scanned.batch.map(readElement) };
}

function readElement(element: Uint8Array): { bytes: Buffer; message: ScannedMessage } {
  const scanned = scanMessage(element);
  if (scanned.kind !== "message") throw new Error("the test sent a batch with something else than messages");
  return { bytes: Buffer.from(element), message: scanned.message };
}
