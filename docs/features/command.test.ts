/** Runs the command itself in a copy of its own files, because it works on the repository that it lies in. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { beforeEach, describe, expect, it } from "vitest";

import { makeTestFolder } from "../../test/fixtures/temporary-folder.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
let root: string;

const run = (...flags: readonly string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, ["--conditions=outrigger-source", join(root, "docs/generate-features.ts"), ...flags], {
    encoding: "utf8",
  });

beforeEach(() => {
  root = makeTestFolder("features");
  const isSource = (path: string): boolean => !path.endsWith(".test.ts");
  cpSync(join(repository, "docs/features"), join(root, "docs/features"), { recursive: true, filter: isSource });
  cpSync(join(repository, "docs/generate-features.ts"), join(root, "docs/generate-features.ts"));
  writeFileSync(join(root, "package.json"), '{ "type": "module" }');
  symlinkSync(join(repository, "node_modules"), join(root, "node_modules"), "dir");
});

describe("npm run features", () => {
  it("writes the page, then finds it up to date, then finds it changed", () => {
    expect(run("--check").status).toBe(1);
    expect(run()).toMatchObject({ status: 0, stderr: "" });
    expect(run("--check")).toMatchObject({ status: 0, stderr: "" });
    const page = join(root, "docs/features.md");
    writeFileSync(page, `${readFileSync(page, "utf8")}by hand\n`);
    const checked = run("--check");
    expect(checked.status).toBe(1);
    expect(checked.stderr).toContain('Run "npm run features"');
  });

  it("ends with 1 and names file, line and number when a test bears an unknown number", () => {
    writeFileSync(join(root, "a.test.ts"), '\n\nit("F-999 unknown", run);\nit.skip("F-001 later", run);\n');
    expect(run()).toMatchObject({
      status: 1,
      stdout: "",
      stderr:
        "a.test.ts:3: F-999 is not a number of docs/features/rows.json\n" +
        "a.test.ts:4: F-001 stands on a test that is skipped\n",
    });
    expect(existsSync(join(root, "docs/features.md"))).toBe(false);
  });

  it("refuses a flag that it does not know", () => {
    expect(run("--chek")).toMatchObject({ status: 1, stdout: "", stderr: "Usage: npm run features [-- --check]\n" });
  });
});
