/** Looks for programs before work begins that would end without them. */
import { run } from "../../cluster/run.ts";

/** Gives the program's path. Rejects with its name and `advice`, which says what it is for or where to get it. */
export async function findProgram(name: string, advice: string): Promise<string> {
  const path = await run(["sh", "-c", 'command -v "$1"', "sh", name]).catch(() => "");
  if (path === "") throw new Error(`${name} is missing: ${advice}`);
  return path.trim();
}
