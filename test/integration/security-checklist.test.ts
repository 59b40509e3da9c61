/** The page of the security checklist says which tests show each line; this reads it, and the sources of those tests. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { findKnownNames } from "../../docs/features/known-names.ts";
import type { KnownNames } from "../../docs/features/registrar.ts";
import { readTestCall } from "../../docs/features/test-call.ts";
import { cleanTitle } from "../../docs/features/title.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(`${root}docs/explanation/security-checklist.md`, "utf8");

/** The lines of the checklist. Source: the page's headings. */
const sections = page.split(/^## /m).slice(1);

interface Claim {
  readonly file: string;
  readonly title: string;
}

const claimsOf = (section: string): readonly Claim[] =>
  [...section.matchAll(/^- `([^`]+)`: (.+)$/gm)].map(([, file = "", title = ""]) => ({ file, title }));

/** Titles of suites and tests of a file that run, without the numbers of capabilities. */
function titlesOf(file: string): readonly string[] {
  const source = ts.createSourceFile(file, readFileSync(root + file, "utf8"), ts.ScriptTarget.ES2024, true);
  const titles: string[] = [];
  walk(source, findKnownNames(source), titles);
  return titles;
}

const notRunning = ["Skip", "Todo", "Fails"] as const;

function walk(node: ts.Node, known: KnownNames, titles: string[]): void {
  const call = readTestCall(node, known);
  if (notRunning.some((mark) => call?.marks.has(mark) === true)) return;
  if (call?.title !== undefined) titles.push(cleanTitle(call.title));
  ts.forEachChild(node, (child) => walk(child, known, titles));
}

describe("the security checklist", () => {
  it("has all its fifteen lines, in order", () => {
    expect(sections.map((section) => Number.parseInt(section, 10))).toEqual(
      Array.from({ length: 15 }, (_, at) => at + 1),
    );
  });

  it.each(sections.map((section) => [section.split("\n", 1)[0] ?? "", section] as const))(
    "has a test that runs for: %s",
    (_heading, section) => {
      const claims = claimsOf(section);
      expect(claims).not.toEqual([]);
      for (const { file, title } of claims) {
        expect([file, existsSync(root + file)]).toEqual([file, true]);
        expect(titlesOf(file), `${file} has a test of this title`).toContain(title);
      }
    },
  );
});

it("no part that reads requests can start a program", () => {
  const sources = ["aggregator/src", "sidecar/src", "packages"].flatMap((folder) =>
    readdirSync(root + folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !/\.test\.ts$|(?:^|\/)(?:testing|node_modules|dist)\//.test(file))
      .map((file) => `${folder}/${file}`),
  );
  const starters = sources.filter((file) => /node:(?:child_process|cluster)"/.test(readFileSync(root + file, "utf8")));
  // The process of a stdio server: its command is a setting of the sidecar.
  expect(starters.filter((file) => !file.startsWith("sidecar/src/stdio/process/"))).toEqual([]);
  expect(starters).not.toEqual([]);
});
