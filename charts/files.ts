/** The files that are written from the tree of values: which they are, and their text. */
import { readFileSync } from "node:fs";
import { format } from "prettier";
import { tree } from "./values/tree.ts";
import { writeSchema } from "./write/schema.ts";
import { writeTable } from "./write/table.ts";
import { writeValuesYaml } from "./write/values-yaml.ts";

/** One file: where it is and what it must hold. */
export interface GeneratedFile {
  readonly url: URL;
  readonly text: string;
}

const at = (path: string): URL => new URL(path, import.meta.url);

/** All files, as they must be. */
export async function generateFiles(): Promise<readonly GeneratedFile[]> {
  const readme = at("README.md");
  const wanted = [
    { url: at("outrigger/values.yaml"), text: writeValuesYaml(tree), parser: "yaml" },
    { url: at("outrigger/values.schema.json"), text: writeSchema(tree), parser: "json" },
    { url: readme, text: writeTable(tree, readFileSync(readme, "utf8")), parser: "markdown" },
  ];
  return Promise.all(
    wanted.map(async ({ url, text, parser }) => ({ url, text: await format(text, { parser, printWidth: 120 }) })),
  );
}
