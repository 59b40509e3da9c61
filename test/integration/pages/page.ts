/** What a page of the documentation gives its reader to run or to write down: fenced blocks, and commands within its sentences. */
import { globSync } from "node:fs";

/** One fenced block. `file` is the name under which the paragraph above it tells to save it; `line` is where its fence stands. */
export interface Fence {
  readonly language: string;
  readonly body: string;
  readonly line: number;
  readonly file: string | undefined;
}

/** One command of a block. `output` is what the page shows below it, undefined where it shows none. */
export interface Example {
  readonly command: string;
  readonly output: string | undefined;
}

const skippedFolders: ReadonlySet<string> = new Set(["node_modules", "dist", "coverage"]);

/** All pages below `root`, as paths from it, in alphabetical order. */
export function listPages(root: string): string[] {
  return globSync("**/*.md", { cwd: root, exclude: (name) => skippedFolders.has(name) }).toSorted();
}

const fenced = /^( *)(`{3,}|~{3,})(.*)\n((?:.*\n)*?)\1\2 *$/gm;

/** The blocks of a page in order. Errors: throws where a fence stands that begins or ends none, since nobody would run it. */
export function readFences(text: string): Fence[] {
  const stray = /^[ \t>]*(?:`{3,}|~{3,})/m.exec(text.replaceAll(fenced, ""));
  if (stray !== null) throw new Error("a fence is not closed, or is not where a block can begin");
  return [...text.matchAll(fenced)].map((match) => {
    const [, , , info = "", body = ""] = match;
    const above = text.slice(0, match.index);
    const paragraph = above.trimEnd().split("\n\n").at(-1) ?? "";
    return {
      language: info.trim().split(" ", 1)[0] ?? "",
      body,
      line: above.split("\n").length,
      file: [...paragraph.matchAll(/`([\w.-]+\.(?:json|yaml))`/g)].at(-1)?.[1],
    };
  });
}

/**
 * The commands of a `console` block with their output, or those of an `sh` block, one per line or joined by `&&`. A line of an `sh`
 * block may go on behind a backslash and may end in a comment, which is not part of the command.
 */
export function readExamples({ language, body }: Fence): Example[] {
  if (language === "sh") {
    const lines = body.replaceAll(/ *\\\n */g, " ").split(/\n| && /);
    const commands = lines.map((line) => line.replace(/(?:^|\s)\s*# .*$/, "").trim());
    return commands.flatMap((command) => (command === "" ? [] : [{ command, output: undefined }]));
  }
  return body.split(/^\$ /m).flatMap((part) => {
    const end = part.indexOf("\n");
    return part === "" ? [] : [{ command: part.slice(0, end), output: part.slice(end + 1) }];
  });
}

/** Commands that stand within sentences and tables, once each. */
export function readMentions(text: string): string[] {
  const found = [...text.replaceAll(fenced, "").matchAll(/`((?:npm|npx|node|outrigger)\s[^`]+)`/g)];
  return [...new Set(found.map(([, command = ""]) => command.replaceAll(/\s+/g, " ")))];
}
