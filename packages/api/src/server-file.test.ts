import { describe, expect, it } from "vitest";
import { parseServerFile } from "./server-file.ts";

const problemsOf = (value: unknown): string[] => {
  const read = parseServerFile(value);
  return read.ok ? [] : read.problems.map(({ path, expected }) => `${path.join(".")}: ${expected}`);
};

describe("mcpServers file", () => {
  it("reads processes and addresses as other clients write them, and leaves other settings alone", () => {
    const read = parseServerFile({
      theme: "dark",
      mcpServers: {
        files: { type: "stdio", command: "npx", args: ["-y", "x"], env: { A: "1" }, cwd: "/tmp" },
        web: {
          type: "http",
          url: "http://127.0.0.1:1/mcp",
          headers: { "X-Key": "k" },
          outrigger: { group: "dev", policy: { tools: {} } },
        },
        off: { command: "x", disabled: true },
        "GitHub Server": { command: "gh" },
      },
    });
    expect(read).toEqual({
      ok: true,
      entries: [
        {
          form: "process",
          name: "files",
          command: "npx",
          args: ["-y", "x"],
          env: { A: "1" },
          cwd: "/tmp",
          outrigger: {},
        },
        {
          form: "url",
          name: "web",
          url: "http://127.0.0.1:1/mcp",
          headers: { "X-Key": "k" },
          outrigger: { group: "dev", policy: { tools: {} } },
        },
        { form: "process", name: "GitHub Server", command: "gh", args: [], env: {}, outrigger: {} },
      ],
    });
  });

  it("reports every problem with its place and the right form", () => {
    expect(
      problemsOf({
        mcpServers: {
          "a/b": { command: "x" },
          both: { url: "http://x/mcp", command: "x" },
          neither: {},
          list: { command: "x", args: "y", env: { A: 1 } },
          typo: { command: "x", comand: "y" },
          bad: { url: "ftp://x", type: "sse" },
          group: { command: "x", outrigger: { group: "Dev", colour: 1 } },
          text: "x",
        },
      }),
    ).toEqual([
      "mcpServers.a/b: as name 1-64 characters without slashes, control characters or surrounding spaces",
      'mcpServers.both.command: nothing: it goes with "command", and this entry has "url"',
      'mcpServers.neither: either "command" (a program to start) or "url" (a server that listens)',
      "mcpServers.list.args: a list of strings",
      "mcpServers.list.env.A: a string",
      "mcpServers.typo.comand: no such key; known are command, args, env, cwd, url, headers, type, transport, disabled, outrigger",
      'mcpServers.bad.url: an address such as "http://127.0.0.1:8080/mcp"',
      "mcpServers.group.outrigger.colour: no such key; known are group, policy, control, origin, routing, auth",
      "mcpServers.group.outrigger.group: a name of 1-63 lower-case letters, digits and dashes that starts and ends with a letter or digit",
      'mcpServers.text: an object with "command" or "url"',
    ]);
  });

  it.each(["http", "streamable-http", "streamableHttp", "sse"])("reads an address of type %s", (type) => {
    const read = parseServerFile({ mcpServers: { web: { type, url: "http://127.0.0.1:1/sse" } } });
    expect(read).toMatchObject({ ok: true, entries: [{ form: "url", url: "http://127.0.0.1:1/sse" }] });
    expect(problemsOf({ mcpServers: { web: { type, command: "x" } } })).toEqual(['mcpServers.web.type: "stdio"']);
  });

  it.each([[{}], [null], [[]], [{ mcpServers: [] }], ["x"]])("refuses %j as a file", (value) => {
    expect(problemsOf(value)).toEqual([': an object with a member "mcpServers" that maps names to servers']);
  });
});
