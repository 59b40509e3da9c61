import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingHttpHeaders } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runProgram } from "./program.ts";
import { recordIo, type RecordedIo } from "./recorded-io.ts";

const cwd = mkdtempSync(join(tmpdir(), "outrigger-program-"));
afterAll(() => rmSync(cwd, { recursive: true }));

async function run(argv: readonly string[], given: Parameters<typeof recordIo>[0] = {}): Promise<RecordedIo> {
  const recorded = recordIo({ cwd, ...given });
  await runProgram(recorded.io, argv);
  return recorded;
}

describe("the command line", () => {
  it("prints its version and its help with examples on stdout", async () => {
    const version = await run(["--version"]);
    expect(version.out()).toMatch(/^\d+\.\d+\.\d+\n$/);
    const help = await run([]);
    for (const verb of ["up", "search", "call", "client-config", "inject", "audit", "sidecar"])
      expect(help.out()).toMatch(new RegExp(`^  ${verb} `, "m"));
    expect(help.out()).toContain("Exit codes: 0 done");
    expect(help.err() + version.err()).toBe("");
  });

  it.each(["up", "search", "call", "client-config", "inject", "audit", "sidecar"])(
    "explains %s with examples",
    async (verb) => {
      const help = await run([verb, "--help"]);
      expect(help.out()).toContain(`Usage: outrigger ${verb} `);
      expect(help.out()).toContain("Examples:");
      expect(help.exitCode()).toBeUndefined();
    },
  );

  it.each([
    [["bogus"], "Unknown command 'bogus'"],
    [["search"], "Missing required argument 'words'"],
    [["search", "x", "--limit", "0"], "Expected a whole number from 1 to 50"],
    [["up", "--port", "70000"], "Expected a port number from 1 to 65535"],
    [["up", "--mode", "all"], "Allowed choices are search, direct"],
    [["call", "a", "b"], "Expected - or nothing after the tool"],
    [["call", "a", "--json", "[]"], "--json: expected a JSON object"],
    [["search", "x", "--endpoint", "nowhere"], "--endpoint: expected an address"],
    [["client-config", "--client", "emacs"], "Allowed choices are cursor, vscode, "],
    [["up", "--color=red"], "Unknown option '--color=red'"],
  ])("refuses wrong usage with exit code 2: %j", async (argv, message) => {
    const wrong = await run(argv);
    expect(wrong.err()).toContain(message);
    expect(wrong.err()).toContain("[OUTRIGGER_ERR_USAGE]");
    expect(wrong.out()).toBe("");
    expect(wrong.exitCode()).toBe(2);
  });

  it.each([
    ["search", "x"],
    ["call", "a__b"],
  ])(
    "F-184 says with exit code 5 that nothing answers, where, by which setting, and what to type: %s",
    async (...argv) => {
      const endpoint = `http://127.0.0.1:${await findFreePort()}`;
      const silent = await run(argv, { env: { OUTRIGGER_ENDPOINT: endpoint } });
      expect(silent.err()).toContain(
        `No aggregator answers at ${endpoint} (from OUTRIGGER_ENDPOINT): nothing listens there (ECONNREFUSED).`,
      );
      expect(silent.err()).toContain("outrigger up");
      expect(silent.exitCode()).toBe(5);
    },
  );
});

describe("an endpoint that is not what it should be", () => {
  let answer: { status: number; type: string; body: string };
  let asked: IncomingHttpHeaders = {};
  const server = createHttpServer((request, response) => {
    asked = request.headers;
    response.writeHead(answer.status, { "content-type": answer.type }).end(answer.body);
  });
  let endpoint: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // A TCP server that listens has an address object.
    endpoint = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  afterAll(() => void server.close());

  it("is not taken for an aggregator where it is another web server", async () => {
    answer = { status: 404, type: "text/html", body: "<html>" };
    const searched = await run(["search", "x", "--endpoint", endpoint]);
    expect(searched.err()).toContain("HTTP 404, so it is no aggregator");
    expect(searched.exitCode()).toBe(5);
    const called = await run(["call", "a__b", "--endpoint", endpoint]);
    expect(called.err()).toContain(`${endpoint} (from --endpoint): HTTP 404, and the answer is text/html, not JSON`);
    expect(called.exitCode()).toBe(5);
    answer = { status: 200, type: "application/json", body: "{}" };
    expect((await run(["search", "x", "--endpoint", endpoint])).exitCode()).toBe(5);
  });

  it.each([
    ["search", "x"],
    ["call", "a__b"],
  ])("exits with 4 where credentials are asked for: %s", async (...argv) => {
    answer = { status: 401, type: "application/json", body: '{"error":{"message":"A token is needed."}}' };
    const refused = await run([...argv, "--endpoint", endpoint]);
    expect(refused.err()).toContain("OUTRIGGER_ERR_REFUSED");
    expect(refused.err()).toContain(`${endpoint} (from --endpoint) refused the `);
    expect(refused.err()).toContain("next: say who calls by --token-file FILE, or by --header");
    expect(refused.exitCode()).toBe(4);
  });

  it.each([
    ["search", "x"],
    ["call", "a__b"],
  ])("gets the token of a file and further headers: %s", async (...argv) => {
    writeFileSync(join(cwd, "token"), "secret-1\n");
    answer = { status: 401, type: "application/json", body: '{"error":{"message":"no"}}' };
    await run([...argv, "--endpoint", endpoint, "--token-file", join(cwd, "token"), "--header", "X-Team: data"]);
    expect(asked).toMatchObject({ authorization: "Bearer secret-1", "x-team": "data" });
    const wrong = await run([...argv, "--endpoint", endpoint, "--header", "mcp-session-id: 1"]);
    expect(wrong.err()).toContain("mcp-session-id is set by the transport itself");
    expect(wrong.exitCode()).toBe(2);
  });

  it("hands on what the read API says about a request", async () => {
    answer = { status: 400, type: "application/json", body: '{"error":{"message":"q: expected a text"}}' };
    const refused = await run(["search", "x", "--endpoint", endpoint]);
    expect(refused.err()).toContain("q: expected a text");
    expect(refused.exitCode()).toBe(2);
  });
});

describe("outrigger up, before anything is started", () => {
  it("names the usual places where there is no file", async () => {
    const none = await run(["up"], { cwd: mkdtempSync(join(cwd, "empty-")) });
    expect(none.err()).toContain("There is no mcp.json, .mcp.json, .cursor/mcp.json in");
    expect(none.exitCode()).toBe(2);
  });

  it("reports a file that can't be read", async () => {
    const missing = await run(["up", "--config", "nowhere.json"]);
    expect(missing.err()).toContain("nowhere.json: ENOENT");
    expect(missing.err()).toContain("OUTRIGGER_ERR_CONFIG_UNREADABLE");
    expect(missing.exitCode()).toBe(2);
  });

  it("reports every problem as file:line, all at once", async () => {
    writeFileSync(join(cwd, "bad.json"), '{\n "mcpServers": {\n  "a": {"comand": "x"},\n  "b": {"url": 1}\n }\n}\n');
    const bad = await run(["up", "--config", "bad.json"]);
    expect(bad.err()).toContain("bad.json:3: mcpServers.a.comand: no such key");
    expect(bad.err()).toContain("bad.json:4: mcpServers.b.url: expected an address");
    expect(bad.exitCode()).toBe(2);
  });

  it("reports where the syntax is wrong", async () => {
    writeFileSync(
      join(cwd, "broken.json"),
      '{\n "mcpServers": {\n  "a": {"command": "x"}\n  "b": {"command": "y"}\n }\n}\n',
    );
    const broken = await run(["up", "--config", "broken.json"]);
    expect(broken.err()).toContain("broken.json:4: expected a comma before this");
    expect(broken.err()).toContain("OUTRIGGER_ERR_CONFIG_SYNTAX");
    expect(broken.exitCode()).toBe(2);
  });

  it("says which port is taken and how to take another, with exit code 3", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // A TCP server that listens has an address object.
    const { port } = server.address() as { port: number };
    writeFileSync(join(cwd, "good.json"), '{"mcpServers":{"a":{"command":"true"}}}');
    const taken = await run(["up", "--config", "good.json", "--port", String(port)]);
    server.close();
    expect(taken.err()).toContain(`Port ${port} of 127.0.0.1 is in use`);
    expect(taken.err()).toMatch(/next: outrigger up --port \d+/);
    expect(taken.exitCode()).toBe(3);
  });
});

describe("outrigger client-config", () => {
  it("F-174 prints one client's file content alone on stdout, and where it goes on stderr", async () => {
    const one = await run(["client-config", "--client", "cursor", "--endpoint", "http://127.0.0.1:9"]);
    expect(JSON.parse(one.out())).toEqual({ mcpServers: { outrigger: { url: "http://127.0.0.1:9/mcp" } } });
    expect(one.err()).toContain("~/.cursor/mcp.json");
    expect(one.err()).toContain("%USERPROFILE%\\.cursor\\mcp.json");
  });

  it("F-177 lists all clients, how each gets to the endpoint and its file", async () => {
    const all = await run(["client-config"]);
    await expect(all.out()).toMatchFileSnapshot("clients/testdata/all.txt");
    expect(all.err()).toBe("");
  });

  it("says what to do where a client's file can't name a variable", async () => {
    const refused = await run(["client-config", "--client", "zed", "--token-env", "TOKEN"]);
    expect(refused.err()).toContain("What Zed reads can't name a variable");
    expect(refused.exitCode()).toBe(2);
    expect(refused.out()).toBe("");
  });
});
