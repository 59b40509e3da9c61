import { expect, it } from "vitest";
import { describeOrigin, findPackage } from "./origin.ts";

it.each([
  ["npx", ["-y", "@modelcontextprotocol/server-memory@2026.8.31"], "@modelcontextprotocol/server-memory"],
  ["npx.cmd", ["-y", "dbhub", "--demo"], "dbhub"],
  ["/usr/bin/npx", ["-p", "@scope/tool@1", "tool-bin"], "@scope/tool"],
  ["uvx", ["mcp-server-time==2026.10.19"], "mcp-server-time"],
  ["uvx", ["--from", "git+x", "tool"], "git+x"],
  ["pipx", ["run", "mcp-server-git"], "mcp-server-git"],
  ["node", ["/a/node_modules/@scope/name/dist/index.js"], "@scope/name"],
  ["./node_modules/plain/cli.js", [], "plain"],
  ["node", ["/a/node_modules/.bin/tool"], undefined],
  ["python", ["server.py"], undefined],
  ["npx", ["-y"], undefined],
])("finds the package that %s %j runs: %s", (command, args, expected) => {
  expect(findPackage(command, args)).toBe(expected);
});

it("tells how a server is spoken to", () => {
  const rest = { name: "a", outrigger: {} };
  expect(describeOrigin({ ...rest, form: "url", url: "http://a/mcp", headers: {} })).toEqual({
    transport: "streamable-http",
  });
  expect(describeOrigin({ ...rest, form: "process", command: "npx", args: ["x"], env: {} })).toEqual({
    transport: "stdio",
    package: "x",
  });
});
