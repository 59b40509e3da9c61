import { parseServerFile, type ServerEntry } from "@outrigger/api/server-file";
import { parsePolicyDocument } from "@outrigger/policy";
import { expect, it } from "vitest";
import { policyFileName, writePolicyFile, writeServersFile } from "./generated.ts";

const entry = (name: string, outrigger: ServerEntry["outrigger"] = {}): ServerEntry => ({
  ...{ form: "process", name, command: "npx", args: ["pkg"], env: {} },
  outrigger,
});
const ports = { dataPort: 1, controlPort: 2, adminPort: 3 };

it("writes a servers file that its own reader takes, with the sidecar's addresses and the origin", () => {
  const text = writeServersFile([
    { entry: entry("my files", { group: "dev" }), ports },
    { entry: entry("__proto__"), ports },
  ]);
  const read = parseServerFile(JSON.parse(text));
  expect(read.ok && read.entries).toMatchObject([
    {
      name: "my files",
      url: "http://127.0.0.1:1/mcp",
      outrigger: { group: "dev", control: "http://127.0.0.1:2", origin: { transport: "stdio", package: "pkg" } },
    },
    { name: "__proto__" },
  ]);
});

it("writes a policy file for every server, an open one where none is given", () => {
  const policy = { tools: { deny: ["x"] } };
  expect(JSON.parse(writePolicyFile(entry("a", { policy })))).toEqual(policy);
  expect(parsePolicyDocument(JSON.parse(writePolicyFile(entry("a"))))).toMatchObject({
    ok: true,
    document: { defaultAction: "Allow" },
  });
});

it("names policy files apart and safely", () => {
  const names = ["a", "A", "../a", "日本".repeat(32)].map(policyFileName);
  expect(new Set(names).size).toBe(4);
  for (const name of names) expect(name).toMatch(/^policy-[0-9a-f]{16}\.json$/);
});
