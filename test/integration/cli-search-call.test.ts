/** `outrigger search` and `outrigger call` against a real endpoint over real servers: what they print and how they exit. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { startEverything, type HttpServer } from "../demo/stage/http-servers.ts";
import { startOutrigger, type Outrigger } from "../demo/stage/outrigger.ts";
import { runCommand, type CommandResult } from "../demo/stage/command.ts";
import { repositoryEnvironment } from "../demo/stage/root.ts";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";

const folder = nameFileFolder("cli-call");
let everything: HttpServer;
let outrigger: Outrigger;
let endpoint: string;

beforeAll(async () => {
  const env = repositoryEnvironment();
  everything = await startEverything(env);
  const config = join(folder, "mcp.json");
  writeFileSync(join(folder, "note.txt"), "first line\nsecond line\n");
  const slow = { limits: [{ name: "slow", tools: ["get-sum"], rate: "1/h" }] };
  const mcpServers = {
    everything: { url: everything.url, outrigger: { policy: slow, group: "reference" } },
    files: {
      command: "mcp-server-filesystem",
      args: [folder],
      outrigger: { policy: { tools: { deny: ["write_file"] } } },
    },
  };
  writeFileSync(config, JSON.stringify({ mcpServers }));
  const port = await findFreePort();
  outrigger = await startOutrigger({ config, env, port, onServer: () => undefined, onStarted: () => undefined });
  endpoint = outrigger.mcpUrl.replace(/\/mcp$/, "");
});
afterAll(async () => {
  await outrigger.stop();
  await everything.stop();
});

const run = (args: readonly string[], stdin?: string): Promise<CommandResult> =>
  runCommand(args, { env: { OUTRIGGER_ENDPOINT: endpoint }, ...(stdin === undefined ? {} : { stdin }) });

describe("outrigger search", () => {
  it("F-179 lists tools best first with their scores", async () => {
    const found = await run(["search", "read a text file", "--limit", "3"]);
    expect(found).toMatchObject({ code: 0, err: "" });
    const lines = found.out
      .trimEnd()
      .split("\n")
      .filter((line) => /^ {2}\d/.test(line));
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^ {2}1 {2}█.* [01]\.\d\d {2}files__read_text_file {2,}Read /);
    const scores = lines.map((line) => Number(/ ([01]\.\d\d) /.exec(line)?.[1]));
    expect(scores.toSorted((a, b) => b - a)).toEqual(scores);
  });

  it("F-179 marks the words of the query in colour, and prints none of it without", async () => {
    const colored = await run(["search", "read a text file", "--color=always"]);
    expect(colored.out).toContain("\u001b[33mread\u001b[39m");
    const plain = await run(["search", "read a text file"]);
    expect(plain.out).not.toContain("\u001b");
  });

  it("prints the whole answer as JSON, and only one server's tools where asked", async () => {
    const found = await run(["search", "echo a message", "--server", "everything", "-o", "json"]);
    const answer = JSON.parse(found.out) as { tools: { name: string; server: string; score: number }[] };
    expect(answer.tools[0]?.name).toBe("everything__echo");
    expect(new Set(answer.tools.map(({ server }) => server))).toEqual(new Set(["everything"]));
  });

  it("finds and suggests at a group's endpoint only what is in the group", async () => {
    const group = ["--endpoint", `${endpoint}/mcp/g/reference`];
    const found = await run(["search", "read a text file", "--limit", "50", "-o", "json", ...group]);
    const { tools } = JSON.parse(found.out) as { tools: { server: string }[] };
    expect(new Set(tools.map(({ server }) => server))).toEqual(new Set(["everything"]));
    const other = await run(["call", "files__read_text_file", "--json", "{}", ...group]);
    expect(other).toMatchObject({ code: 3, err: expect.not.stringMatching(/Nearest:.*files__/) as string });
    expect(other.err).toContain("OUTRIGGER_ERR_TOOL_UNKNOWN");
  });

  it("never shows a tool that policy hides", async () => {
    const found = await run(["search", "write file", "--limit", "50", "-o", "json"]);
    expect(found.out).toContain("files__edit_file");
    expect(found.out).not.toContain("write_file");
  });
});

describe("outrigger call", () => {
  it("F-179 prints a tool's text plainly, arguments given in all three ways", async () => {
    const argument = JSON.stringify({ path: join(folder, "note.txt") });
    const file = join(folder, "arguments.json");
    writeFileSync(file, argument);
    const answers = [
      await run(["call", "files__read_text_file", "--json", argument]),
      await run(["call", "files__read_text_file", "--json", `@${file}`]),
      await run(["call", "files__read_text_file", "-"], argument),
    ];
    for (const answer of answers) expect(answer).toEqual({ code: 0, err: "", out: "first line\nsecond line\n" });
  });

  it("prints the raw result with -o json", async () => {
    const answer = await run(["call", "everything__echo", "--json", '{"message":"hello"}', "-o", "json"]);
    const result = JSON.parse(answer.out) as { content: { type: string; text: string }[] };
    expect(result.content[0]).toMatchObject({ type: "text", text: expect.stringContaining("hello") as string });
  });

  it("exits with 3 for a tool that does not exist or is hidden, with the nearest names", async () => {
    const unknown = await run(["call", "files__read_txt_file"]);
    expect(unknown).toMatchObject({ code: 3, out: "" });
    expect(unknown.err).toContain("OUTRIGGER_ERR_TOOL_UNKNOWN");
    expect(unknown.err).toContain("files__read_text_file");
    const hidden = await run(["call", "files__write_file", "--json", '{"path":"x","content":"y"}']);
    expect(hidden).toMatchObject({ code: 3, out: "" });
  });

  it("exits with 1 where the tool itself reports an error", async () => {
    const failed = await run(["call", "files__read_text_file", "--json", '{"path":"/nowhere/else"}']);
    expect(failed.code).toBe(1);
    expect(failed.err).toContain("OUTRIGGER_ERR_TOOL_FAILED");
    expect(failed.out).not.toBe("");
  });

  it("exits with 4 where a limit refuses, and names the wait", async () => {
    const sum = ["call", "everything__get-sum", "--json", '{"a":1,"b":2}'];
    expect((await run(sum)).code).toBe(0);
    const refused = await run(sum);
    expect(refused).toMatchObject({ code: 4, out: "" });
    expect(refused.err).toMatch(/\d+ ?(s|seconds|min|minutes)\b/);
  });

  it("exits with 5 where nobody answers", async () => {
    const silent = await run(["call", "everything__echo", "--endpoint", `http://127.0.0.1:${await findFreePort()}`]);
    expect(silent).toMatchObject({ code: 5, out: "" });
    expect(silent.err).toContain("outrigger up");
  });
});
