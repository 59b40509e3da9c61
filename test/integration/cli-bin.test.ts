/** The command as it is installed: it starts without a build, refuses an old Node.js in one sentence, and starts quickly. */
import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { repositoryEnvironment, repositoryRoot } from "../demo/stage/root.ts";
import { runCommand } from "../demo/stage/command.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";

const script = join(repositoryRoot, "cli", "bin", "outrigger.js");

it("runs by its name from the clone's own programs, from any folder, without a build", () => {
  accessSync(script, constants.X_OK);
  const version = execFileSync("outrigger", ["--version"], {
    cwd: makeTestFolder("bin"),
    env: repositoryEnvironment(),
    encoding: "utf8",
  });
  expect(version).toMatch(/^\d+\.\d+\.\d+\n$/);
});

it.each(["20.20.2", "22.18.0", "18.0.0"])("refuses Node.js %s with one sentence and exit code 2", (version) => {
  const pretend = `data:text/javascript,Object.defineProperty(process.versions,"node",{value:"${version}"})`;
  const run = spawnSync(process.execPath, ["--import", pretend, script, "--version"], { encoding: "utf8" });
  expect(run.status).toBe(2);
  expect(run.stdout).toBe("");
  expect(run.stderr.trim().split("\n")).toHaveLength(1);
  expect(run.stderr).toContain(`outrigger needs Node.js 22.19 or newer, and this is ${version}`);
  expect(run.stderr).toContain("OUTRIGGER_ERR_NODE_VERSION");
});

it("prints nothing but what was asked: no warning of Node.js", async () => {
  expect(await runCommand(["client-config", "--client", "vscode", "--color=never"])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^\{\n/) as string,
    err: expect.not.stringContaining("Warning") as string,
  });
});
