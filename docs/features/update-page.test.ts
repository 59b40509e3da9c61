import { existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { makeTestFolder } from "../../test/fixtures/temporary-folder.ts";
import { updatePage } from "./update-page.ts";

const row = { id: "F-001", section: "Install", sentence: "One command installs it." };
let root: string;

const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const page = (): string => readFileSync(join(root, "docs/features.md"), "utf8");

beforeEach(() => {
  root = makeTestFolder("features");
  put("docs/features/rows.json", JSON.stringify([row]));
  put("cli/src/up.test.ts", 'it("F-001 installs", run);');
});

describe("updatePage", () => {
  it("writes the page from the tests of the tree, the same each time", () => {
    expect(updatePage(root, "Write")).toEqual({
      ok: true,
      lines: ["docs/features.md: 1 shown, 0 open, 0 left out (1 test files)"],
    });
    const before = page();
    expect(before).toContain(
      "| F-001 | One command installs it. | [cli/src/up.test.ts](../cli/src/up.test.ts)<br>• installs |",
    );
    updatePage(root, "Write");
    expect(page()).toBe(before);
  });

  it.each(["node_modules/x/a.test.ts", "cli/dist/a.test.ts", "coverage/a.test.ts", ".cache/a.test.ts", "cli/src/a.ts"])(
    "does not read %s",
    (path) => {
      put(path, 'it("F-999 unknown", run);');
      expect(updatePage(root, "Write")).toMatchObject({ ok: true });
    },
  );

  it("fails on an unknown number and leaves the page alone", () => {
    updatePage(root, "Write");
    const before = page();
    put("cli/src/up.test.ts", '\nit("F-002 installs", run);');
    expect(updatePage(root, "Write")).toEqual({
      ok: false,
      lines: ["cli/src/up.test.ts:2: F-002 is not a number of docs/features/rows.json"],
    });
    expect(page()).toBe(before);
  });

  it("fails on a faulty list of rows", () => {
    put("docs/features/rows.json", JSON.stringify([{ ...row, id: "F-002" }]));
    expect(updatePage(root, "Write")).toEqual({
      ok: false,
      lines: ['docs/features/rows.json: F-001: expected here, found "F-002".'],
    });
  });

  it("checks without writing, and names the command when the page differs", () => {
    const stale = ['docs/features.md does not match the tests. Run "npm run features" and commit the result.'];
    expect(updatePage(root, "Check")).toEqual({ ok: false, lines: stale });
    expect(existsSync(join(root, "docs/features.md"))).toBe(false);
    updatePage(root, "Write");
    utimesSync(join(root, "docs/features.md"), 1, 1);
    expect(updatePage(root, "Check")).toMatchObject({ ok: true });
    expect(statSync(join(root, "docs/features.md")).mtimeMs).toBe(1_000);
    put("cli/src/down.test.ts", 'it("F-001 removes", run);');
    const before = page();
    expect(updatePage(root, "Check")).toEqual({ ok: false, lines: stale });
    expect(page()).toBe(before);
  });
});
