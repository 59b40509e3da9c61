/** The examples as their pages give them: manifests, the calls that a page shows, and prompts with what they lead to. */
import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseAllDocuments } from "yaml";
import { repositoryRoot } from "../../demo/stage/root.ts";
import { readExamples, readFences, type Example } from "../../integration/pages/page.ts";

/** The page that leads to all of them, and tells what is done before the first. */
export const overview = "docs/examples/README.md";

/** One example. `name` is its folder's, and mostly its server's; `page` and `manifest` are paths from the root. */
export interface ExamplePage {
  readonly name: string;
  readonly page: string;
  readonly manifest: string;
}

/** A call of `outrigger call` on a page, with what is printed. `tool` is a public name: `namespace__server__tool`; `path` the endpoint's. */
export interface ShownCall {
  readonly path: string;
  readonly tool: string;
  readonly namespace: string;
  readonly server: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly output: string;
}

/** A row of a page's prompts: what a model looks for, and the tool that it is given first. */
export interface PromptRow {
  readonly prompt: string;
  readonly wanted: string;
  readonly tool: string;
}

/** All examples in alphabetical order. */
export function listExamples(): readonly ExamplePage[] {
  const pages = globSync("docs/examples/*/README.md", { cwd: repositoryRoot }).toSorted();
  return pages.map((page) => {
    const name = basename(dirname(page));
    return { name, page, manifest: join(dirname(page), `${name}.yaml`) };
  });
}

/** The text of a page. */
export function readPage(page: string): string {
  return readFileSync(join(repositoryRoot, page), "utf8");
}

/** The commands of a page in order. */
export function readCommands(page: string): readonly Example[] {
  const fences = readFences(readPage(page)).filter(({ language }) => ["sh", "console"].includes(language));
  return fences.flatMap(readExamples);
}

const shownCall =
  /^npx outrigger call (?<tool>\S+) --json '(?<json>.*)'(?: --endpoint http:\/\/127\.0\.0\.1:7777(?<path>\/\S+))?$/;

/** The calls of a page in order. */
export function readCalls(page: string): readonly ShownCall[] {
  return readCommands(page).flatMap(({ command, output = "" }) => {
    const { tool = "", json = "", path = "/mcp" } = shownCall.exec(command)?.groups ?? {};
    const [namespace = "", server = ""] = tool.split("__");
    if (tool === "") return [];
    return [{ path, tool, namespace, server, values: JSON.parse(json) as ShownCall["values"], output }];
  });
}

/** The prompts of a page in order. */
export function readPrompts(page: string): readonly PromptRow[] {
  const rows = readPage(page).matchAll(/^\| "(?<prompt>[^|]+)" *\| (?<wanted>[^|]+?) *\| `(?<tool>\w[\w-]*)` *\|$/gm);
  return [...rows].map(({ groups: { prompt = "", wanted = "", tool = "" } = {} }) => ({ prompt, wanted, tool }));
}

/** The images that the manifests of all examples name, each once. */
export function listImages(): readonly string[] {
  const images = listExamples().flatMap(({ manifest }) =>
    parseAllDocuments(readPage(manifest)).flatMap((document) => findImages(document.toJS())),
  );
  return [...new Set(images)];
}

function findImages(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]: [string, unknown]) =>
    key === "image" && typeof member === "string" ? [member] : findImages(member),
  );
}
