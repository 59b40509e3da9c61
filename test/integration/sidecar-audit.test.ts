/** The audit stream of the real sidecar: a line for each decision, one chain, nothing of what was said. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { createAuditVerifier } from "@outrigger/runtime/audit-verify";
import { describe, expect, it } from "vitest";
import { runCommand } from "../demo/stage/command.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { auditLinesOf, callOf, startBed } from "./telemetry-bed.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const quickPolicy = ["--quick-policy", '{"denyTools":["hidden"],"rateLimit":"100/h"}'];

const breaksOf = (lines: readonly string[]): readonly unknown[] => {
  const verifier = createAuditVerifier();
  return lines.map((line, at) => verifier.take(line, String(at))).filter((broken) => broken !== undefined);
};

describe("the audit stream", () => {
  it("holds every decision, denials included, in a chain from the start of the process to its end", async () => {
    const bed = await startBed(["--server", "git", "--namespace", "tools", ...quickPolicy]);
    await bed.post(callOf("good"), { "outrigger-request-id": "req-1" });
    await bed.post(callOf("hidden", { _meta: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } }));
    await bed.post({ id: 3, method: "tools/list" });
    await fetch(bed.dataUrl, { method: "POST", headers: { "content-type": "application/json" }, body: "no json" });
    await fetch(bed.dataUrl.replace("/mcp", "/elsewhere"));
    await askAs("evil.example", bed.dataUrl);
    await waitFor("all lines", () => auditLinesOf(bed.lines()).length >= 7);
    expect(await bed.program.stop()).toBe(0);
    const [start, ...rest] = auditLinesOf(bed.lines());
    expect(start).toMatchObject({ event: "start", seq: 0, format: 1, server: "git", namespace: "tools", lines: "all" });
    expect(start).toMatchObject({ pod: expect.any(String) as string, version: expect.any(String) as string });
    const decided = rest.map(({ method, tool, decision, reason, status }) => [method, tool, decision, reason, status]);
    expect(decided).toEqual([
      ["tools/call", "good", "allow", "Allowed", 200],
      ["tools/call", "hidden", "deny", "ToolDenied", 200],
      ["tools/list", undefined, "allow", "Allowed", 200],
      ["unread", undefined, "deny", "RequestMalformed", 400],
      ["unread", undefined, "deny", "PathNotServed", 404],
      ["unread", undefined, "deny", "HostNotAllowed", 403],
      [undefined, undefined, undefined, undefined, undefined],
    ]);
    expect(rest.slice(0, 2).map(({ id }) => id)).toEqual(["req-1", traceId]);
    expect(rest.at(-1)).toMatchObject({ event: "end", seq: 7 });
    expect(rest[0]).toMatchObject({ policy: start?.["policy"], caller: "address:127.0.0.1" });
    expect(breaksOf(bed.lines())).toEqual([]);
    expect(breaksOf(bed.lines().filter((line) => !line.includes('"ToolDenied"')))).not.toEqual([]);
    expect(bed.lines().join("\n")).not.toContain("s3cret");
  });

  it("carries arguments and results as policy asks", async () => {
    const policy = join(makeTestFolder("audit"), "policy.json");
    writeFileSync(policy, '{"audit":{"arguments":"Include","results":"Hash"}}');
    const bed = await startBed(["--policy", policy]);
    const answer = await bed.post(callOf("good"));
    await waitFor("the line", () => auditLinesOf(bed.lines()).length >= 2);
    const [, line] = auditLinesOf(bed.lines());
    expect(line).toMatchObject({ arguments: '{"key":"s3cret-argument"}' });
    expect(line).toMatchObject({ resultSha256: createHash("sha256").update(answer).digest("hex") });
    expect(JSON.stringify(line)).not.toContain("s3cret-result");
  });

  it("is whole whatever the level of the log, and holds refusals only where that is asked for", async () => {
    const bed = await startBed(["--log-level", "info", "--audit", "refusals", ...quickPolicy]);
    await bed.post(callOf("good"));
    await bed.post(callOf("hidden"));
    await waitFor("the line", () => auditLinesOf(bed.lines()).length >= 2);
    expect(auditLinesOf(bed.lines()).map(({ reason, event }) => reason ?? event)).toEqual(["start", "ToolDenied"]);
  });

  it("goes to a file that is checked from the command line", { timeout: 180_000 }, async () => {
    const file = join(makeTestFolder("audit"), "audit.jsonl");
    const bed = await startBed(["--audit-to", file, ...quickPolicy]);
    await bed.post(callOf("good"));
    await bed.post(callOf("hidden"));
    await waitFor("both lines", () => auditLinesOf(readFileSync(file, "utf8").split("\n")).length >= 3);
    expect(auditLinesOf(bed.lines())).toEqual([]);
    const metrics = await (await fetch(`${bed.adminUrl}/metrics`)).text();
    expect(metrics).toContain("outrigger_sidecar_audit_lines_total 3\n");
    expect(metrics).toContain("outrigger_sidecar_audit_lost_total 0\n");
    await bed.program.stop();
    const verified = await runCommand(["audit", "verify", file]);
    expect(verified.out).toMatch(/^whole {2}[0-9a-f]{16} {2}\S+\/server {2}4 lines, ended in order\n$/);
    expect(verified.code).toBe(0);
  });

  it("goes on with calls where it can't be written, counts what is lost and says why", async () => {
    // A device that is always full.
    const bed = await startBed(["--audit-to", "/dev/full"]);
    expect(await bed.post(callOf("good"))).toContain("content");
    await waitFor("the failure", async () =>
      (await (await fetch(`${bed.adminUrl}/metrics`)).text()).includes("outrigger_sidecar_audit_failing 1\n"),
    );
    const ready = await fetch(`${bed.adminUrl}/readyz?verbose`);
    expect(ready.status).toBe(200);
    expect(await ready.text()).toContain("ENOSPC");
    expect(await bed.program.stop()).toBe(0);
  });

  it("refuses to start with a file that can't be opened", async () => {
    const started = startBed(["--audit-to", "/nonexistent/audit.jsonl"]);
    await expect(started).rejects.toThrow("--audit-to: can't write /nonexistent/audit.jsonl");
  });
});

/** A request with a Host of its own, which fetch does not let through. */
function askAs(host: string, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { headers: { host } }, (response) => {
      response.resume().on("end", resolve);
    });
    asking.on("error", reject).end();
  });
}
