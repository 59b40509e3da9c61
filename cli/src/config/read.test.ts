import { describe, expect, it } from "vitest";
import { formatPath, readConfig } from "./read.ts";

function linesOf(text: string, variables: Record<string, string> = {}): string[] {
  const read = readConfig(text, variables);
  return read.ok ? [] : read.problems.map(({ line, message }) => `${line} ${message}`);
}

describe("readConfig", () => {
  it("reads the mcpServers file of other clients, with variables put in", () => {
    const read = readConfig(
      `{
        "mcpServers": {
          "files": { "command": "\${RUNNER:-npx}", "args": ["-y", "server", "\${HOME}/notes"], "env": { "A": "\${env:A}" } },
          "remote": { "type": "http", "url": "\${BASE}/mcp", "headers": { "Authorization": "Bearer \${TOKEN}" } }
        },
        "otherProgramsKey": true
      }`,
      { HOME: "/home/me", A: "1", BASE: "http://127.0.0.1:9", TOKEN: "secret" },
    );
    expect(read.ok && read.entries).toMatchObject([
      { name: "files", command: "npx", args: ["-y", "server", "/home/me/notes"], env: { A: "1" } },
      { name: "remote", url: "http://127.0.0.1:9/mcp", headers: { Authorization: "Bearer secret" } },
    ]);
  });

  it("reports all problems at once, each with its line, in the order of lines", () => {
    const problems = linesOf(`{
  "mcpServers": {
    "a": { "comand": "x" },
    "b": {
      "command": "run",
      "args": ["ok",
        5]
    },
    "c": { "url": "ftp://x", "headers": { "X": "\${MISSING}" } }
  }
}`);
    expect(problems).toEqual([
      expect.stringMatching(/^3 mcpServers\.a\.comand: no such key; known are command/),
      '3 mcpServers.a: expected either "command" (a program to start) or "url" (a server that listens)',
      "7 mcpServers.b.args[1]: expected a string",
      "9 mcpServers.c.headers.X: expected the environment variable MISSING to be set, or a default: ${MISSING:-…}",
      '9 mcpServers.c.url: expected an address such as "http://127.0.0.1:8080/mcp"',
    ]);
  });

  it("says of a missing variable only that it is missing", () => {
    expect(linesOf('{"mcpServers":{"a":{"url":"${BASE}/mcp"}}}')).toEqual([
      "1 mcpServers.a.url: expected the environment variable BASE to be set, or a default: ${BASE:-…}",
    ]);
  });

  it("checks the policy of a server and names the line inside it", () => {
    const problems = linesOf(`{
  "mcpServers": {
    "a": {
      "command": "x",
      "outrigger": {
        "policy": {
          "tools": { "denny": ["x"] },
          "limits": [
            { "name": "slow", "rate": "3 per minute" }
          ]
        }
      }
    }
  }
}`);
    expect(problems).toEqual([
      "7 mcpServers.a.outrigger.policy.tools.denny: no such key; known are allow, deny",
      expect.stringMatching(/^9 mcpServers\.a\.outrigger\.policy\.limits\[0\]/),
      expect.stringMatching(/^9 mcpServers\.a\.outrigger\.policy\.limits\[0\]/),
    ]);
  });

  it("refuses the members that only a generated file holds", () => {
    const problems = linesOf(
      '{"mcpServers":{"a":{"command":"x","outrigger":{"control":"http://127.0.0.1:1","origin":{"transport":"stdio"}}}}}',
    );
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(/control: no such key; known are group, policy/);
  });

  it("leaves a disabled server alone, its missing variables too", () => {
    const read = readConfig('{"mcpServers":{"a":{"command":"${MISSING}","disabled":true},"b":{"command":"x"}}}', {});
    expect(read.ok && read.entries.map((entry) => entry.name)).toEqual(["b"]);
  });

  it("tells a file that is not JSON from one that says the wrong things", () => {
    expect(readConfig('{"mcpServers": {', {})).toMatchObject({ ok: false, cause: "syntax" });
    expect(readConfig("[]", {})).toMatchObject({ ok: false, cause: "invalid", problems: [{ line: 1 }] });
  });
});

describe("formatPath", () => {
  it("writes paths as code would", () => {
    expect(formatPath(["mcpServers", "my files", "args", 0])).toBe('mcpServers["my files"].args[0]');
  });
});
