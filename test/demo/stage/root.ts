/** Where the repository is, and the environment in which its own programs come first. */
import { delimiter, join } from "node:path";

/** The folder that holds package.json and node_modules. */
export const repositoryRoot = join(import.meta.dirname, "..", "..", "..");

/** This process's environment with the repository's programs first on the PATH, and without our own variables. */
export function repositoryEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("OUTRIGGER_"));
  const path = [join(repositoryRoot, "node_modules", ".bin"), process.env["PATH"] ?? ""].join(delimiter);
  return { ...Object.fromEntries(kept), PATH: path };
}
