/** The audit lines of aggregator and sidecar on the path of a call: one for each decision, joined by one id, in chains. */
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { runCommand } from "../demo/stage/command.ts";
import { connectLegacy, connectModern, modernRequest, openSession, postRaw } from "../fixtures/mcp-clients.ts";
import { connectOlderV2 } from "../fixtures/older-clients.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { startPath, type CallPath } from "./traced-path.ts";

const quickPolicy = ["--quick-policy", '{"denyTools":["broken"],"rateLimit":"3/h"}'];

/** Calls a tool by its public name with a header for its id. */
async function callTool({ aggregator }: CallPath, name: string, id: string, path = "/mcp"): Promise<void> {
  const [body, headers] = modernRequest("tools/call", {
    name: "call_tool",
    arguments: { name, arguments: { key: "s3cret-argument" } },
  });
  await postRaw(`${aggregator.url}${path}`, body, { ...headers, "outrigger-request-id": id });
}

/** A request with a Host of its own, which fetch does not let through. */
function askAs(headers: Readonly<Record<string, string>>, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { headers }, (response) => {
      response.resume().on("end", resolve);
    });
    asking.on("error", reject).end();
  });
}

/** Sends a part of a body, and goes. */
function leaveEarly(url: string): Promise<void> {
  return new Promise((resolve) => {
    const asking = request(url, {
      method: "POST",
      headers: { "content-type": "application/json", "content-length": "100" },
    });
    asking.on("error", () => undefined).on("close", resolve);
    asking.write("{", () => asking.destroy());
  });
}

const verify = async (file: string) => runCommand(["audit", "verify", file]);

describe("the audit lines of a path", () => {
  it(
    "F-171 are there for every decision, denials included, carry one id along the path and reveal tampering",
    { timeout: 180_000 },
    async () => {
      const path = await startPath({ sidecarFlags: quickPolicy });
      await callTool(path, "git__good", "allowed-1");
      // Hidden by the policy of its sidecar, hidden from this group, and nowhere at all.
      await callTool(path, "git__broken", "hidden-1");
      await callTool(path, "git__good", "hidden-2", "/mcp/g/data");
      await callTool(path, "git__nothing", "absent-1");
      await callTool(path, "git__failing", "failing-1");
      await callTool(path, "git__good", "allowed-2");
      await callTool(path, "git__good", "limited-1");
      await askAs({ host: "evil.example", "outrigger-request-id": "host-1" }, `${path.aggregator.url}/mcp`);
      const ofAggregator = await path.decisions(8);
      const told = ({ id, tool, server, decision, reason, outcome }: Readonly<Record<string, unknown>>) => [
        ...[id, tool, server, decision, reason, outcome],
      ];
      expect(ofAggregator.map(told)).toEqual([
        ["allowed-1", "git__good", "git", "allow", "Allowed", "ok"],
        ["hidden-1", "git__broken", undefined, "deny", "ToolUnknown", "tool_error"],
        ["hidden-2", "git__good", undefined, "deny", "ToolDenied", "tool_error"],
        ["absent-1", "git__nothing", undefined, "deny", "ToolUnknown", "tool_error"],
        ["failing-1", "git__failing", "git", "allow", "Allowed", "tool_error"],
        ["allowed-2", "git__good", "git", "allow", "Allowed", "ok"],
        ["limited-1", "git__good", "git", "allow", "RateLimited", "tool_error"],
        ["host-1", undefined, undefined, "deny", "HostNotAllowed", undefined],
      ]);
      expect(ofAggregator[2]).toMatchObject({ endpoint: "/mcp/g/data", method: "tools/call", via: "call_tool" });
      const ofSidecar = await waitFor("the sidecar's lines", () => {
        const lines = path.linesOf("sidecar").filter(({ method }) => method === "tools/call");
        return lines.length >= 4 && lines;
      });
      expect(ofSidecar.map(({ id, tool, decision, reason }) => [id, tool, decision, reason])).toEqual([
        ["allowed-1", "good", "allow", "Allowed"],
        ["failing-1", "failing", "allow", "Allowed"],
        ["allowed-2", "good", "allow", "Allowed"],
        ["limited-1", "good", "deny", "RateLimited"],
      ]);
      await path.aggregator.close();
      await path.bed.program.stop();
      const [aggregators, sidecars] = await Promise.all([verify(path.files.aggregator), verify(path.files.sidecar)]);
      expect(aggregators).toMatchObject({
        code: 0,
        out: expect.stringMatching(/ 10 lines, ended in order\n$/) as string,
      });
      expect(sidecars).toMatchObject({ code: 0, out: expect.stringContaining("ended in order") as string });
      for (const file of Object.values(path.files)) {
        const text = readFileSync(file, "utf8");
        expect(text).not.toContain("s3cret");
        const denied = text.split("\n").findIndex((line) => line.includes('"deny"'));
        writeFileSync(file, text.split("\n").toSpliced(denied, 1).join("\n"));
        const broken = await verify(file);
        expect(broken).toMatchObject({
          code: 1,
          out: expect.stringContaining(`broken at ${file}:${denied + 1}`) as string,
        });
      }
    },
  );
});

describe("the audit lines of the aggregator", () => {
  it("tell of requests that are refused before a message is read, and of the read API", async () => {
    const path = await startPath();
    const url = path.aggregator.url;
    const asks: readonly (() => Promise<unknown>)[] = [
      () => askAs({ host: "evil.example" }, `${url}/mcp`),
      () => askAs({ origin: "https://evil.example" }, `${url}/api/v1/tools?q=s3cret`),
      () => postRaw(`${url}/mcp`, "no json"),
      () => postRaw(`${url}/mcp`, "x".repeat(4 * 1024 ** 2 + 1)),
      () => postRaw(`${url}/mcp`, '{"jsonrpc":"2.0","id":1,"method":"tools/list"}', { "mcp-session-id": "made-up" }),
      () => postRaw(`${url}/mcp/messages?sessionId=made-up`, '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'),
      () => fetch(`${url}/mcp/g/nobody`),
      () => fetch(`${url}/elsewhere`),
      () => fetch(`${url}/api/v1/tools?q=s3cret`),
      () => leaveEarly(`${url}/mcp`),
    ];
    await fetch(`${url}/livez`);
    for (const [at, ask] of asks.entries()) {
      await ask();
      await path.decisions(at + 1);
    }
    const lines = await path.decisions(asks.length);
    expect(
      lines.map(({ endpoint, method, decision, reason, status }) => [endpoint, method, decision, reason, status]),
    ).toEqual([
      ["/mcp", "GET", "deny", "HostNotAllowed", 403],
      ["/api/v1/tools", "GET", "deny", "OriginNotAllowed", 403],
      ["/mcp", "unread", "deny", "RequestMalformed", 400],
      ["/mcp", "unread", "deny", "RequestTooLarge", 413],
      ["/mcp", "unread", "deny", "SessionUnknown", 404],
      ["/mcp/messages", "unread", "deny", "SessionUnknown", 404],
      ["/mcp/g/nobody", "GET", "deny", "PathNotServed", 404],
      ["/elsewhere", "GET", "deny", "PathNotServed", 404],
      ["/api/v1/tools", "GET", "allow", "Allowed", 200],
      ["/mcp", "unread", "deny", "RequestMalformed", 499],
    ]);
    expect(new Set(lines.map(({ caller }) => caller))).toEqual(new Set(["address:127.0.0.1"]));
    expect(new Set(lines.map(({ id }) => id)).size).toBe(asks.length);
    expect(JSON.stringify(lines)).not.toContain("s3cret");
  });

  it("tell of every method of both eras, by the names that clients use", async () => {
    const path = await startPath({ aggregatorFlags: ["--mode", "direct"] });
    const url = `${path.aggregator.url}/mcp`;
    const modern = await connectModern(url);
    await modern.listTools();
    await modern.callTool({ name: "git__good", arguments: { key: "s3cret" } });
    await modern.close();
    const legacy = await connectLegacy(url);
    await legacy.callTool({ name: "git__nothing", arguments: {} }).catch(() => undefined);
    await legacy.close();
    const lines = await waitFor("the last call", async () => {
      const decided = await path.decisions(1);
      return decided.some(({ reason }) => reason === "ToolUnknown") && decided;
    });
    const told = lines.map(({ method, tool, decision }) => [method, tool, decision]);
    expect(told).toContainEqual(["server/discover", undefined, "allow"]);
    expect(told).toContainEqual(["tools/list", undefined, "allow"]);
    expect(told).toContainEqual(["tools/call", "git__good", "allow"]);
    expect(told).toContainEqual(["initialize", undefined, "allow"]);
    expect(told).toContainEqual(["notifications/initialized", undefined, "allow"]);
    expect(told).toContainEqual(["tools/call", "git__nothing", "deny"]);
    expect(JSON.stringify(lines)).not.toContain("s3cret");
  });

  it("tell of calls of the older transport, whose answers go another way", async () => {
    const path = await startPath();
    const client = await connectOlderV2(`${path.aggregator.url}/sse`);
    await client.callTool({ name: "call_tool", arguments: { name: "git__failing" } });
    await client.close();
    const line = await waitFor("its line", async () =>
      (await path.decisions(1)).find(({ tool }) => tool === "git__failing"),
    );
    expect(line).toMatchObject({ endpoint: "/mcp/messages", caller: "address:127.0.0.1", outcome: "tool_error" });
    const ofSidecar = await waitFor("the sidecar's", () =>
      path.linesOf("sidecar").find(({ tool }) => tool === "failing"),
    );
    expect(ofSidecar["id"]).toBe(line["id"]);
    const stream = await waitFor("the end of its stream", async () =>
      (await path.decisions(1)).find(({ endpoint }) => endpoint === "/sse"),
    );
    expect(stream).toMatchObject({ method: "GET", decision: "allow", status: 200 });
  });

  it("tell of a call that its caller gave up", async () => {
    const path = await startPath();
    const session = await openSession(`${path.aggregator.url}/mcp`);
    const post = (message: object, signal?: AbortSignal) =>
      fetch(`${path.aggregator.url}/mcp`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...session },
        body: JSON.stringify({ jsonrpc: "2.0", ...message }),
        ...(signal === undefined ? {} : { signal }),
      });
    const giveUp = new AbortController();
    const params = { name: "call_tool", arguments: { name: "git__silent" } };
    const calling = post({ id: 5, method: "tools/call", params }, giveUp.signal).then((answer) => answer.text());
    await waitFor("the call at the server", () => path.bed.arrived.some(({ body }) => body.includes('"silent"')));
    await post({ method: "notifications/cancelled", params: { requestId: 5 } });
    const line = await waitFor("its line", async () =>
      (await path.decisions(1)).find(({ tool }) => tool === "git__silent"),
    );
    expect(line).toMatchObject({ decision: "allow", reason: "Allowed", outcome: "cancelled", server: "git" });
    giveUp.abort();
    await calling.catch(() => undefined);
  });

  it("are of refusals alone, or off, where that is asked for, and a file that can't be opened stops the start", async () => {
    const path = await startPath({ aggregatorFlags: ["--audit", "refusals"] });
    await callTool(path, "git__good", "allowed-1");
    await callTool(path, "git__nothing", "absent-1");
    expect((await path.decisions(1)).map(({ id }) => id)).toEqual(["absent-1"]);
    const ready = await fetch(`${path.aggregator.adminUrl}/readyz?verbose`);
    expect(await ready.text()).toMatch(/"name":"audit","ok":true,"message":"line 1, hash [0-9a-f]{64}, 0 lost"/);
    const metrics = await path.aggregator.metrics();
    expect(metrics).toContain("outrigger_aggregator_audit_lines_total 2\n");
    await expect(startPath({ aggregatorFlags: ["--audit-to", "/nonexistent/audit.jsonl"] })).rejects.toThrow(
      "--audit-to: can't write /nonexistent/audit.jsonl",
    );
    const silent = await startPath({ aggregatorFlags: ["--audit", "off", "--audit-to", "stdout"] });
    await callTool(silent, "git__nothing", "absent-1");
    expect(silent.aggregator.log.filter(({ kind }) => kind === "audit")).toEqual([]);
  });
});
