/** Lists the test files of a folder tree. Installed packages, build output and hidden folders hold no tests of ours. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

const skippedFolders: ReadonlySet<string> = new Set(["node_modules", "dist", "coverage"]);

/** Returns all `*.test.ts` below `root` as paths from it, with forward slashes, in the order of the file system. Follows no links. */
export function listTestFiles(root: string): readonly string[] {
  return listBelow(root, "");
}

function listBelow(root: string, folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return isSkipped(entry.name) ? [] : listBelow(root, path);
    return entry.isFile() && entry.name.endsWith(".test.ts") ? [path] : [];
  });
}

function isSkipped(name: string): boolean {
  return name.startsWith(".") || skippedFolders.has(name);
}
