/**
 * Every page of the documentation as its reader follows it: blocks are run or read by who they are for, and commands in its
 * sentences exist. Tutorials and examples have tests of their own: beside this, and on a cluster.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { listExamples, overview } from "../cluster/examples/pages.ts";
import { repositoryRoot } from "../demo/stage/root.ts";
import { pagesElsewhere, runElsewhere } from "./pages/elsewhere.ts";
import { findUnknownMentions, followPage } from "./pages/follow.ts";
import { listPages, readExamples, readFences, readMentions } from "./pages/page.ts";

const pages = listPages(repositoryRoot);
const readText = (page: string): string => readFileSync(join(repositoryRoot, page), "utf8");

it("knows the pages", () => {
  expect(pages).toEqual(expect.arrayContaining(["README.md", "charts/README.md", "docs/tutorials/first-steps.md"]));
});

const followedElsewhere = /^docs\/(?:tutorials|examples)\//;

it.each(pages.filter((page) => !followedElsewhere.test(page) && readFences(readText(page)).length > 0))(
  "what %s tells to run and to write down works",
  { timeout: 180_000 },
  async (page) => {
    await followPage(page, readText(page));
  },
);

// The page of features names what is still to come, too.
it.each(pages.filter((page) => page !== "docs/features.md" && readMentions(readText(page)).length > 0))(
  "%s names only commands that there are",
  async (page) => {
    expect(await findUnknownMentions(readText(page))).toEqual([]);
  },
);

it.each(pagesElsewhere)("$page is followed by $file", ({ page, file, words }) => {
  expect(pages).toContain(page);
  expect(readText(file)).toContain(words);
});

it("every page of the examples is followed on a cluster", () => {
  const followed = [overview, ...listExamples().map(({ page }) => page)];
  expect(pages.filter((page) => page.startsWith("docs/examples/"))).toEqual(followed.toSorted());
  const file = readText("test/cluster/suite/path/examples.test.ts");
  expect(file).toContain("followPage(overview, readPage(overview), ");
  expect(file).toContain("followPage(page, readPage(page), ");
});

it.each(runElsewhere)("$command is not run here: $why", ({ command, file, words }) => {
  expect(readText(file)).toContain(words);
  const script = /^npm (?:run )?([a-z]+)/.exec(command)?.[1] ?? "test";
  const { scripts } = JSON.parse(readText("package.json")) as { readonly scripts: Readonly<Record<string, string>> };
  expect(Object.keys({ ...scripts, ci: "comes with npm" })).toContain(script);
  const shown = pages
    .map(readText)
    .flatMap((text) => [
      ...readMentions(text),
      ...readFences(text).flatMap((fence) => readExamples(fence).map((example) => example.command)),
    ]);
  expect(shown).toContain(command);
});

const block = (language: string, body: string): string => `\`\`\`${language}\n${body}\n\`\`\`\n`;

it.each([
  [
    "a language that nobody runs or reads",
    block("python", "print(1)"),
    'page.md:1: nobody runs or reads a block of "python"',
  ],
  ["a block without a language", block("", "x"), 'nobody runs or reads a block of ""'],
  ["a fence that is not closed", "```sh\ntrue\n", "not closed"],
  ["a fence within a quotation", "> ```sh\n> true\n> ```\n", "not where a block can begin"],
  ["a command on a cluster that nobody has placed", block("sh", "kubectl get pods"), "nobody says where"],
  ["a command that fails", block("sh", "true && exit 3"), "page.md:1: exit 3"],
  ["output that is not printed", block("console", "$ echo one\ntwo"), "page.md:1: echo one"],
  ["a server file with an unknown key", block("json", '{"mcpServers":{"a":{"command":"b","argz":[]}}}'), "no such key"],
  [
    "a server file with an unknown key in a policy",
    block("json", '{"mcpServers":{"a":{"command":"b","outrigger":{"policy":{"tols":{}}}}}}'),
    "tols",
  ],
  ["an unknown key in a policy", block("yaml", "tols: {deny: [a]}"), "tols"],
  ["a manifest that is none", block("yaml", "apiVersion: v1\nkind: ["), "page.md:1"],
  ["TypeScript that does not run", block("ts", 'import { nothing } from "@outrigger/policy";\nnothing();'), "nothing"],
])("fails on %s", async (_what, text, message) => {
  await expect(followPage("page.md", text)).rejects.toThrow(message);
});

it("reads a command over several lines, and leaves its comment out", () => {
  const [fence] = readFences(block("sh", "one --a \\\n  --b # why\ntwo   # what for\n# alone\nthree '#4'"));
  const commands = readExamples(fence!).map(({ command }) => command);
  expect(commands).toEqual(["one --a --b", "two", "three '#4'"]);
});

it("saves a block under the name that the sentence above it gives, and runs the rest of the page with it", async () => {
  const data = `Put this into \`policy.yaml\`:\n\n${block("yaml", "tools: {deny: [a]}")}`;
  const command = "cat policy.yaml";
  const script = block("ts", 'import { readFileSync } from "node:fs";\nreadFileSync("policy.yaml");');
  expect(
    await followPage("page.md", `${data}\n${block("console", `$ ${command}\ntools: {deny: [a]}`)}\n${script}`),
  ).toBe(2);
});

it.each(["npm run nothing", "npx outrigger fly", "outrigger up --fast", "node missing.ts"])(
  "finds that %s does not exist",
  async (command) => {
    expect(await findUnknownMentions(`Try \`${command}\`.`)).toEqual([command]);
  },
);
