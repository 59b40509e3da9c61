/** The demo's temporary folder: files to read, a git repository with a history, nothing of the user's own. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where things lie. `remove` takes the whole folder away. */
export interface DemoFolder {
  readonly path: string;
  readonly files: string;
  readonly repository: string;
  readonly remove: () => void;
}

/** What the file of the tour says; a step reads it back through the endpoint. */
export const noteText = "Outriggers keep a canoe upright.\n";

/** Creates the folder. Needs git on the PATH; where that is missing, nothing stays behind. */
export function createDemoFolder(): DemoFolder {
  // Servers compare real paths; on some systems the temporary folder is a link.
  const path = realpathSync(mkdtempSync(join(tmpdir(), "outrigger-demo-")));
  const folder = {
    path,
    files: join(path, "files"),
    repository: join(path, "repository"),
    remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }),
  };
  try {
    fillFolder(folder);
  } catch (error) {
    folder.remove();
    throw error;
  }
  return folder;
}

function fillFolder({ files, repository }: DemoFolder): void {
  mkdirSync(files);
  mkdirSync(repository);
  writeFileSync(join(files, "note.txt"), noteText);
  writeFileSync(join(files, "list.md"), "- hull\n- float\n- lashing\n");
  writeFileSync(join(repository, "README.md"), "# Canoe\n");
  runGit(repository, ["init", "--quiet", "--initial-branch=main"]);
  runGit(repository, ["add", "."]);
  runGit(repository, ["commit", "--quiet", "--message", "Add the hull"]);
  writeFileSync(join(repository, "FLOAT.md"), "# Float\n");
  runGit(repository, ["add", "."]);
  runGit(repository, ["commit", "--quiet", "--message", "Lash the float to the hull"]);
}

/** The author is given on the spot, so that no configuration of the user is needed or used. */
function runGit(cwd: string, args: readonly string[]): void {
  const author = [
    "-c",
    "user.name=Outrigger demo",
    "-c",
    "user.email=demo@outrigger.invalid",
    "-c",
    "commit.gpgsign=false",
  ];
  execFileSync("git", [...author, ...args], { cwd, stdio: ["ignore", "ignore", "pipe"] });
}
