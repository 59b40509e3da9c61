/** The tree as its reader has it after `npm ci`: the sources without any build, the installed packages as links. */
import { cpSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { repositoryRoot } from "../../demo/stage/root.ts";
import { makeTestFolder } from "../../fixtures/temporary-folder.ts";

const built: ReadonlySet<string> = new Set(["dist", "coverage", ".git", ".cache"]);

/** Makes such a tree for the running test and returns its folder. */
export function makeClone(): string {
  const folder = makeTestFolder("clone");
  const isCopied = (source: string): boolean => {
    if (basename(source) === "node_modules") {
      linkPackages(source, join(folder, relative(repositoryRoot, source)));
      return false;
    }
    return !built.has(basename(source));
  };
  cpSync(repositoryRoot, folder, { recursive: true, filter: isCopied });
  return folder;
}

/** A link stays as it is: our own packages and the programs of packages lead to what lies beside them. */
function linkPackages(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else if (entry.name === ".bin" || entry.name === "@outrigger") linkPackages(source, target);
    else symlinkSync(source, target);
  }
}
