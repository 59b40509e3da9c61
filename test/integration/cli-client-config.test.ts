/** `outrigger client-config --write` on real files: what it shows, what it writes, what it keeps, and what it leaves alone. */
import { lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runCommand, type CommandResult } from "../demo/stage/command.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";

const others = '{\n  // mine\n  "mcpServers": {\n    "files": { "command": "x" }\n  }\n}\n';

/** Runs it for one client, with a home folder of its own. */
function runIn(home: string, ...args: readonly string[]): Promise<CommandResult> {
  return runCommand(["client-config", ...args], { cwd: home, env: { HOME: home, USERPROFILE: home } });
}

function makeHome(text?: string): { readonly home: string; readonly file: string } {
  const home = makeTestFolder("client-config");
  const file = join(home, ".cursor", "mcp.json");
  mkdirSync(join(home, ".cursor"));
  if (text !== undefined) writeFileSync(file, text, { mode: 0o640 });
  return { home, file };
}

it("F-174 shows what changes, writes it beside what is there, and keeps the file of before", async () => {
  const { home, file } = makeHome(others);
  const write = ["--client", "cursor", "--write"];
  const dry = await runIn(home, ...write, "--dry-run");
  expect([dry.code, readFileSync(file, "utf8"), readdirSync(join(home, ".cursor"))]).toEqual([0, others, ["mcp.json"]]);
  const written = await runIn(home, ...write);
  expect(written).toMatchObject({ code: 0, out: dry.out });
  expect(written.out).toContain('+     "outrigger": {');
  expect(written.out).not.toContain("// mine");
  const text = readFileSync(file, "utf8");
  expect(text).toBe(
    others.replace('"x" }\n', '"x" },\n    "outrigger": {\n      "url": "http://127.0.0.1:7777/mcp"\n    }\n'),
  );
  expect(statSync(file).mode & 0o777).toBe(0o640);
  const [copy] = readdirSync(join(home, ".cursor")).filter((name) => name !== "mcp.json");
  expect(written.err).toContain(copy);
  expect(readFileSync(join(home, ".cursor", copy ?? ""), "utf8")).toBe(others);
  const again = await runIn(home, ...write);
  expect(again).toMatchObject({ code: 0, out: "" });
  expect(again.err).toContain("has it already");
  expect(readdirSync(join(home, ".cursor"))).toHaveLength(2);
});

it("follows a link to the file that it stands for, and makes a file where there is none", async () => {
  const { home, file } = makeHome();
  const real = join(home, "dotfiles.json");
  writeFileSync(real, "{}\n");
  symlinkSync(real, file);
  expect(await runIn(home, "--client", "cursor", "--write")).toMatchObject({ code: 0 });
  expect(lstatSync(file).isSymbolicLink()).toBe(true);
  expect(readFileSync(real, "utf8")).toContain("outrigger");
  const made = await runIn(home, "--client", "goose", "--write", "--file", "new/goose.yaml");
  expect(made).toMatchObject({ code: 0 });
  const printed = await runIn(home, "--client", "goose");
  expect(readFileSync(join(home, "new", "goose.yaml"), "utf8")).toBe(printed.out);
});

it("leaves a file alone that its client could not read, and says where it is broken", async () => {
  const broken = '{\n  "mcpServers": {\n    "a": {}\n    "b": {}\n  }\n}\n';
  const { home, file } = makeHome(broken);
  const refused = await runIn(home, "--client", "cursor", "--write");
  expect(refused).toMatchObject({ code: 2, out: "" });
  expect(refused.err).toContain(`${file}:4: expected a comma`);
  expect([readFileSync(file, "utf8"), readdirSync(join(home, ".cursor"))]).toEqual([broken, ["mcp.json"]]);
});

it.each([
  [["--client", "codex", "--write"], "codex mcp add outrigger --url"],
  [["--client", "generic", "--write"], "--write --file FILE"],
  [["--write"], "--write needs --client NAME"],
  [["--client", "cursor", "--dry-run"], "go with --write"],
])("refuses %j with what to type instead", async (args, words) => {
  const refused = await runIn(makeHome().home, ...args);
  expect(refused).toMatchObject({ code: 2, out: "" });
  expect(refused.err).toContain(words);
});
