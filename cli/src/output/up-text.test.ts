import type { ServerEntry } from "@outrigger/api/server-file";
import { describe, expect, it } from "vitest";
import type { ServerState } from "../fleet/server.ts";
import { recordIo, type RecordedIo } from "../recorded-io.ts";
import { createTextReport } from "./up-text.ts";
import type { UpReport } from "./up-report.ts";

const files: ServerEntry = { form: "process", name: "files", command: "x", args: [], env: {}, outrigger: {} };
const remote: ServerEntry = { form: "url", name: "a-remote-one", url: "http://a/mcp", headers: {}, outrigger: {} };
const state = (is: ServerState["is"], tools?: number, message = ""): ServerState => ({ is, tools, message });

function create(isVerbose = false): { recorded: RecordedIo; report: UpReport } {
  const recorded = recordIo({});
  return {
    recorded,
    report: createTextReport({ io: recorded.io, isVerbose, now: () => new Date(2026, 0, 1, 9, 5, 7) }),
  };
}

describe("the text report of outrigger up", () => {
  it("has one aligned line per server, told once it is known how it is", () => {
    const { recorded, report } = create();
    report.onStart("./mcp.json", [files, remote]);
    report.onServer(files, state("starting"));
    report.onServer(remote, state("ready", 1));
    report.onServer(files, state("dead", undefined, "spawn x\nENOENT"));
    expect(recorded.err()).toBe(
      [
        "Outrigger starts 2 servers from ./mcp.json",
        "",
        "  ✓ a-remote-one  http   ready         1 tool",
        "  ✗ files         stdio  dead                  spawn x ENOENT",
        "",
      ].join("\n"),
    );
    expect(recorded.out()).toBe("");
  });

  it("then says where the endpoint is and how clients are connected, on stdout", () => {
    const { recorded, report } = create();
    report.onOpened({
      mcpUrl: "http://127.0.0.1:7777/mcp",
      servers: new Map([
        ["files", state("ready", 14)],
        ["a-remote-one", state("dead")],
      ]),
      asksForKey: false,
    });
    expect(recorded.out()).toContain(
      "Endpoint  http://127.0.0.1:7777/mcp\n          14 tools of 1 server, 1 not ready",
    );
    expect(recorded.out()).toContain('{ "mcpServers": { "outrigger": { "url": "http://127.0.0.1:7777/mcp" } } }');
    expect(recorded.out()).toContain("claude mcp add --transport http outrigger http://127.0.0.1:7777/mcp");
  });

  it("F-150 says how clients and commands show their key where the endpoint asks for one", () => {
    const { recorded, report } = create();
    report.onOpened({ mcpUrl: "http://127.0.0.1:7777/mcp", servers: new Map(), asksForKey: true });
    for (const said of [
      "clients find it in OUTRIGGER_KEY",
      '"Authorization": "Bearer ${env:OUTRIGGER_KEY}"',
      'outrigger http://127.0.0.1:7777/mcp --header "Authorization: Bearer $OUTRIGGER_KEY"',
      'outrigger search "read a file" --token-file FILE',
      "outrigger client-config --token-env OUTRIGGER_KEY",
    ])
      expect(recorded.out()).toContain(said);
  });

  it("repeats on a terminal what is wrong in full, where the table may have cut it", () => {
    const recorded = recordIo({ columns: 40 });
    const report = createTextReport({ io: recorded.io, isVerbose: false, now: () => new Date(0) });
    report.onStart("mcp.json", [files]);
    report.onServer(files, state("dead", undefined, "the command no-such-program-anywhere does not exist"));
    report.onOpened({
      mcpUrl: "http://127.0.0.1:1/mcp",
      servers: new Map([["files", state("dead")]]),
      asksForKey: false,
    });
    expect(recorded.err()).toContain("\n  files: the command no-such-program-anywhere does not exist\n");
  });

  it("tells later changes with the time of day", () => {
    const { recorded, report } = create();
    report.onStart("mcp.json", [files]);
    report.onOpened({ mcpUrl: "http://127.0.0.1:1/mcp", servers: new Map(), asksForKey: false });
    const before = recorded.err().length;
    report.onServer(files, state("restarting", 14, "the sidecar ended (SIGKILL); again in 0.2 s"));
    report.onServer(files, state("starting"));
    report.onBadConfig("mcp.json", [{ line: 3, message: "expected a string" }]);
    report.onReload("mcp.json", ["stop files"]);
    report.onEndpoint(false, "gone");
    expect(recorded.err().slice(before).trimEnd().split("\n")).toEqual([
      "09:05:07  … files  stdio  restarting  14 tools  the sidecar ended (SIGKILL); again in 0.2 s",
      "09:05:07  ! mcp.json can't be used; everything runs on as it was",
      "           mcp.json:3: expected a string",
      "09:05:07  mcp.json changed: stop files",
      "09:05:07  ✗ endpoint: gone",
    ]);
  });

  it("tells a server that fails again at every try only once, and again after it was well", () => {
    const { recorded, report } = create();
    report.onStart("mcp.json", [files]);
    for (const is of ["dead", "starting", "dead", "ready", "starting", "dead"] as const)
      report.onServer(files, state(is, 1));
    const lines = recorded
      .err()
      .split("\n")
      .filter((line) => line.includes("files"));
    expect(lines.map((line) => /dead|ready/.exec(line)?.[0])).toEqual(["dead", "ready", "dead"]);
  });

  it("shows log lines only where asked", () => {
    const line = {
      level: "info",
      msg: "listening",
      fields: { level: "info", msg: "listening", time: "t", dataPort: 1 },
    };
    const quiet = create();
    quiet.report.onLine("files", line);
    expect(quiet.recorded.err()).toBe("");
    const verbose = create(true);
    verbose.report.onLine("files", line);
    expect(verbose.recorded.err()).toContain("info  listening dataPort=1");
  });
});
