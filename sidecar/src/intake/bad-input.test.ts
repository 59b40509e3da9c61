import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { readSettings } from "@outrigger/runtime/config";
import { readOptions } from "../options.ts";
import { settingTable } from "../settings.ts";
import { startInProcess } from "../testing/in-process.ts";
import { callOf, serveAnswers } from "../testing/post.ts";

const message = (members: object): string => JSON.stringify({ jsonrpc: "2.0", id: 1, ...members });
const usual = message(callOf("allowed"));
const claim = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};
const modern = message(callOf("denied", { _meta: claim }));

/** Posts bytes as they are, with headers that no browser lets a page set. */
function postRaw(port: number, headers: Readonly<Record<string, string>>, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const all = { "content-type": "application/json", "x-test": "1", ...headers };
    const sent = request({ port, host: "127.0.0.1", method: "POST", path: "/mcp", headers: all }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
    });
    sent.on("error", reject).end(body);
  });
}

/** What is wrong with these settings. */
async function problemsOf(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const settings = readSettings(settingTable, { argv, env });
  if (!settings.ok) return settings.problems.join("\n");
  const options = await readOptions(settings.settings, env);
  return options.ok ? "" : options.problems.join("\n");
}

const forgedHosts = [
  "evil.example",
  "localhost.evil.example",
  "localhost@evil.example",
  "169.254.169.254",
  "127.0.0.1.nip.io",
];
const forgedOrigins = [
  "https://evil.example",
  "null",
  "http://localhost.evil.example",
  "http://localhost@evil.example",
];
const ambiguous = [
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"allowed","name":"denied"}}',
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"allowed","Name":"denied"}}',
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"allowed"},"params":{"name":"denied"}}',
  '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"denied"}}',
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"allowed"}}{"params":{"name":"denied"}}',
  '\ufeff{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"denied"}}',
];
const contradictions: readonly Readonly<Record<string, string>>[] = [
  { "mcp-method": "tools/list", "mcp-name": "denied" },
  { "mcp-method": "tools/call", "mcp-name": "allowed" },
  { "mcp-method": "tools/call" },
];
const internal = ["169.254.169.254", "2852039166", "[fe80::1]", "[::ffff:169.254.169.254]", "metadata.google.internal"];

describe("input that means to be taken for something else", () => {
  it("F-161 forged hosts and origins, forbidden internal addresses, ambiguous JSON and headers that contradict the body are rejected", async () => {
    const { handler, arrived } = serveAnswers(() => ({ result: { content: [] } }));
    const { port } = await startInProcess({ handler });
    for (const host of forgedHosts) expect(await postRaw(port, { host }, usual), host).toBe(403);
    for (const origin of forgedOrigins) expect(await postRaw(port, { origin }, usual), origin).toBe(403);
    for (const body of ambiguous) expect(await postRaw(port, {}, body), body).toBe(400);
    for (const headers of contradictions) {
      const told = { "mcp-protocol-version": "2026-07-28", ...headers };
      expect(await postRaw(port, told, modern), JSON.stringify(headers)).toBe(400);
    }
    expect(arrived).toEqual([]);
    expect(await postRaw(port, {}, usual)).toBe(200);

    for (const host of internal) {
      expect(await problemsOf(["--upstream", `http://${host}/mcp`])).toContain("--upstream: expected an address");
      const server = ["--upstream", "http://127.0.0.1:1/mcp"];
      expect(await problemsOf([...server, "--shared-store", `redis://${host}:6379`])).toContain(
        "--shared-store: expected",
      );
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${host}:4318` };
      expect(await problemsOf(server, env)).toContain(
        "OTEL_EXPORTER_OTLP_ENDPOINT: expected the address of a collector",
      );
      expect(await problemsOf(server)).toBe("");
    }
  });

  it("a redirect of the server is followed by nobody here", async () => {
    let inside = 0;
    const { port } = await startInProcess({
      handler: (incoming, response) => {
        if (incoming.url === "/inside") inside++;
        incoming.resume().on("end", () => response.writeHead(307, { location: "/inside" }).end());
      },
    });
    expect(await postRaw(port, {}, usual)).toBe(307);
    expect(inside).toBe(0);
  });
});
