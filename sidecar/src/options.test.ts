import { readSettings } from "@outrigger/runtime/config";
import { describe, expect, it } from "vitest";
import { readOptions } from "./options.ts";
import { settingTable } from "./settings.ts";

async function read(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const settings = readSettings(settingTable, { argv, env });
  return settings.ok ? readOptions(settings.settings, env) : settings;
}

describe("the server behind the sidecar", () => {
  it("may run in a container of its own, behind a socket", async () => {
    const options = { upstream: { form: "stdio-socket", socket: "/outrigger-run/stdio.sock" }, maxSessions: 7 };
    const env = { OUTRIGGER_STDIO_SOCKET: "/outrigger-run/stdio.sock", OUTRIGGER_MAX_SESSIONS: "7" };
    expect(await read([], env)).toMatchObject({ ok: true, options });
    const flags = ["--stdio-socket", "/outrigger-run/stdio.sock", "--max-sessions", "7"];
    expect(await read(flags)).toMatchObject({ ok: true, options });
  });

  it.each(["stdio.sock", "", `/${"x".repeat(107)}`])("is not looked for at %j", async (path) => {
    const problem = expect.stringContaining("--stdio-socket: expected an absolute path of at most 107 bytes") as string;
    expect(await read(["--stdio-socket", path])).toMatchObject({ ok: false, problems: [problem] });
  });

  it.each([
    [["--upstream", "http://127.0.0.1:1/mcp", "--stdio-socket", "/a"]],
    [["--stdio-socket", "/a", "--", "server"]],
    [["--upstream", "http://127.0.0.1:1/mcp", "--", "server"]],
  ])("is one: %j is refused", async (argv) => {
    const problem = expect.stringContaining("exclude each other") as string;
    expect(await read(argv)).toMatchObject({ ok: false, problems: [problem] });
  });

  it.each([
    [[], {}, undefined],
    [["--transport", "sse"], {}, "sse"],
    [[], { OUTRIGGER_TRANSPORT: "streamable-http" }, "streamable-http"],
  ])("speaks as %j %j say, or is asked", async (flags, env, transport) => {
    const options = { upstream: { form: "http", transport } };
    expect(await read(["--upstream", "http://127.0.0.1:1/sse", ...flags], env)).toMatchObject({ ok: true, options });
  });

  it.each([
    [["--transport", "carrier", "--upstream", "http://127.0.0.1:1/"], "--transport: expected"],
    [["--transport", "stdio", "--upstream", "http://127.0.0.1:1/"], "--transport: expected"],
    [["--transport", "sse"], "--transport says how the server at --upstream speaks"],
    [["--transport", "sse", "--stdio-socket", "/a"], "--transport says how the server at --upstream speaks"],
  ])("has a transport only where it listens: %j is refused", async (argv, words) => {
    const problem = expect.stringContaining(words) as string;
    expect(await read(argv)).toMatchObject({ ok: false, problems: [problem] });
  });

  it("has to be named", async () => {
    const problem = "no server: give --upstream URL, --stdio-socket PATH, or a command behind --";
    expect(await read([])).toMatchObject({ ok: false, problems: [problem] });
  });
});
