import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createServer as createTcpServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { parseAppProbes, parseStopHooks, runAppProbe } from "./app-probe.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  closers.push(() => void server.close());
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
}

describe("probes of the server", () => {
  it("http: as the kubelet judges, with path and headers", async () => {
    const seen: string[] = [];
    const port = await listen(
      createServer((request, response) => {
        seen.push(`${request.url ?? ""} ${request.headers["x-probe"]?.toString() ?? ""}`);
        response.writeHead(request.url === "/ok" ? 204 : request.url === "/moved" ? 302 : 500).end();
      }),
    );
    expect(
      await runAppProbe({ kind: "http", port, path: "/ok", headers: [{ name: "X-Probe", value: "1" }] }),
    ).toBeUndefined();
    expect(await runAppProbe({ kind: "http", port, path: "/moved" })).toBeUndefined();
    expect(await runAppProbe({ kind: "http", port, path: "/bad" })).toBe("HTTP status 500");
    expect(seen[0]).toBe("/ok 1");
  });

  it("http: a server that never answers fails after its time", async () => {
    const port = await listen(createServer(() => undefined));
    expect(await runAppProbe({ kind: "http", port, timeoutSeconds: 0.05 })).toBe("no answer within 0.05 s");
  });

  it("tcp: a connection is enough", async () => {
    const port = await listen(createTcpServer());
    expect(await runAppProbe({ kind: "tcp", port })).toBeUndefined();
    expect(await runAppProbe({ kind: "tcp", port: 1 })).toMatch(/ECONNREFUSED|connect/);
  });

  it("grpc: asks for the service and reads its state", async () => {
    const server = createHttp2Server();
    const bodies: Buffer[] = [];
    server.on("stream", (stream, headers) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => void chunks.push(chunk));
      stream.on("end", () => {
        const body = Buffer.concat(chunks);
        bodies.push(body);
        const isKnown = headers[":path"] === "/grpc.health.v1.Health/Check" && body.includes("known");
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end(Buffer.from([0, 0, 0, 0, 2, 8, isKnown ? 1 : 2]));
      });
    });
    const port = await listen(server);
    expect(await runAppProbe({ kind: "grpc", port, service: "known" })).toBeUndefined();
    expect(await runAppProbe({ kind: "grpc", port, service: "other" })).toBe("the service is not serving");
    expect(bodies[0]?.subarray(5)).toEqual(Buffer.concat([Buffer.from([0x0a, 5]), Buffer.from("known")]));
  });

  it("the table is read whole or not at all", () => {
    expect(parseAppProbes({ "/app-health/app/readyz": { kind: "tcp", port: 1 } })?.size).toBe(1);
    expect(parseAppProbes({ "/metrics": { kind: "tcp", port: 1 } })).toBeUndefined();
    expect(parseAppProbes({ "/app-health/app/livez": { kind: "exec", port: 1 } })).toBeUndefined();
    expect(parseAppProbes([])).toBeUndefined();
  });

  it("the table of hooks before a stop is read whole or not at all", () => {
    expect(parseStopHooks({ "/app-lifecycle/app/prestop": 20 })).toEqual(new Map([["/app-lifecycle/app/prestop", 20]]));
    expect(parseStopHooks({ "/metrics": 20 })).toBeUndefined();
    for (const seconds of [0, 1.5, "20", null])
      expect(parseStopHooks({ "/app-lifecycle/app/prestop": seconds })).toBeUndefined();
    for (const value of [[], null, 20]) expect(parseStopHooks(value)).toBeUndefined();
  });
});
