/** Writes values.yaml: each value under its meaning, defaults as YAML. */
import { stringify } from "yaml";
import { isGroup, type Group, type Leaf } from "../values/node.ts";

const width = 120;

/** The file's text. */
export function writeValuesYaml(tree: Group): string {
  const parts = Object.entries(tree.members).map(([name, node]) => writeNode(name, node, ""));
  return ["# Written by charts/generate.ts.", ...parts].join("\n\n") + "\n";
}

function writeNode(name: string, node: Leaf | Group, indent: string): string {
  const head = writeComment(node.meaning, indent);
  if (!isGroup(node)) return head + writeDefault(name, node.fallback, indent);
  const members = Object.entries(node.members).map(([member, child]) => writeNode(member, child, `${indent}  `));
  return `${head}${indent}${name}:\n${members.join("\n")}`;
}

function writeDefault(name: string, fallback: unknown, indent: string): string {
  return stringify({ [name]: fallback }, { lineWidth: 0 })
    .trimEnd()
    .split("\n")
    .map((line) => indent + line)
    .join("\n");
}

function writeComment(meaning: string, indent: string): string {
  const lines: string[] = [];
  for (const word of meaning.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || indent.length + last.length + word.length + 3 > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map((line) => `${indent}# ${line}\n`).join("");
}
