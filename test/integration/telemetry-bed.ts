/** For the tests of what the sidecar tells: the real program in front of a server that keeps what it is asked, on free ports. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { repositoryRoot } from "../demo/stage/root.ts";
import { startProgram, type Program } from "../fixtures/program.ts";

/** A request that reached the server. */
export interface Arrived {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The sidecar with its server. `lines`: its standard output so far. */
export interface TelemetryBed {
  readonly program: Program;
  readonly dataUrl: string;
  readonly adminUrl: string;
  readonly controlUrl: string;
  readonly arrived: readonly Arrived[];
  readonly lines: () => readonly string[];
  /** Posts one message; the answer's text. */
  readonly post: (message: object, headers?: Readonly<Record<string, string>>) => Promise<string>;
}

/** Answers that the server gives to calls of these tools; every other tool succeeds. */
const answers: Readonly<Record<string, object>> = {
  failing: { result: { content: [{ type: "text", text: "s3cret-result" }], isError: true } },
  broken: { error: { code: -32_603, message: "s3cret-result" } },
};

/** The tool whose calls are never answered. */
const silentTool = "silent";

const listed = ["good", "failing", "broken", silentTool].map((name) => ({
  name,
  description: `What is ${name}, said at some length, so that a list of everything costs more than one answer.`,
  inputSchema: { type: "object" },
}));

function answerTo(body: string): string | undefined {
  // Only messages of the tests and of the sidecar come here.
  const { id, method, params } = JSON.parse(body) as { id?: unknown; method: string; params?: { name?: string } };
  if (id === undefined) return undefined;
  const results: Readonly<Record<string, object>> = {
    initialize: {
      result: { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "s", version: "1" } },
    },
    "tools/list": { result: { tools: listed } },
    "tools/call": answers[params?.name ?? ""] ?? { result: { content: [{ type: "text", text: "s3cret-result" }] } },
    "server/discover": { error: { code: -32_601, message: "no" } },
  };
  return JSON.stringify({ jsonrpc: "2.0", id, ...(results[method] ?? { result: {} }) });
}

async function startServer(arrived: Arrived[]): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      if (request.method !== "POST") {
        response.writeHead(405).end();
        return;
      }
      arrived.push({ headers: request.headers, body });
      if (body.includes(`"name":"${silentTool}"`)) return;
      const answer = answerTo(body);
      if (answer === undefined) response.writeHead(202).end();
      else response.writeHead(200, { "content-type": "application/json" }).end(answer);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // A TCP server that listens has an address object.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

/** What the program says when it listens. */
interface Ports {
  readonly dataPort: number;
  readonly controlPort: number;
  readonly adminPort: number;
}

const main = join(repositoryRoot, "sidecar/src/main.ts");
const anywhere = "127.0.0.1:0";

/** Starts both; the program ends with the test. A command is run as a stdio server in place of the one that listens. */
export async function startBed(
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
  command: readonly string[] = [],
): Promise<TelemetryBed> {
  const arrived: Arrived[] = [];
  const upstream = await startServer(arrived);
  const lines: string[] = [];
  const server = command.length === 0 ? ["--upstream", upstream] : ["--", ...command];
  const { promise: listening, resolve } = Promise.withResolvers<Ports>();
  const ports = ["--listen", anywhere, "--control", anywhere, "--admin", anywhere, "--drain-seconds", "1"];
  const program = startProgram(
    [process.execPath, "--conditions=outrigger-source", main, ...ports, ...flags, ...server],
    {
      env: { ...process.env, ...env },
      endWithinMs: 20_000,
      onLine: (line) => {
        lines.push(line);
        // Every line of the program is JSON.
        const read = JSON.parse(line) as Ports & { readonly msg?: string };
        if (read.msg === "listening") resolve(read);
      },
    },
  );
  onTestFinished(async () => {
    await program.stop();
  });
  const { dataPort, controlPort, adminPort } = await program.whenReady(listening, 60_000);
  const dataUrl = `http://127.0.0.1:${dataPort}/mcp`;
  return {
    program,
    dataUrl,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    controlUrl: `http://127.0.0.1:${controlPort}`,
    arrived,
    lines: () => lines,
    post: async (message, headers = {}) => {
      const response = await fetch(dataUrl, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
        body: JSON.stringify({ jsonrpc: "2.0", ...message }),
      });
      return response.text();
    },
  };
}

/** A call of a tool. */
export const callOf = (name: string, more: object = {}, id: string | number = 1): object => ({
  id,
  method: "tools/call",
  params: { name, arguments: { key: "s3cret-argument" }, ...more },
});

/** The audit lines among the lines of a program. */
export function auditLinesOf(lines: readonly string[]): readonly Readonly<Record<string, unknown>>[] {
  return lines
    .filter((line) => line.startsWith('{"kind":"audit",'))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}
