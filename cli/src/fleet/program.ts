/** Where our other programs are and how they are started: always as processes of their own, never imported. */
import { fileURLToPath } from "node:url";

/** The start of a command line: the executable first, then what stands before a program's own arguments. */
export type CommandStart = readonly string[];

/** The programs that the command line starts. */
export interface Programs {
  readonly sidecar: CommandStart;
  readonly aggregator: CommandStart;
}

/** How programs are started whose main files are at these URLs; a TypeScript source runs as it is, without a build. */
export function findPrograms(
  urls: { readonly sidecar: string; readonly aggregator: string },
  execPath: string,
): Programs {
  const start = (url: string): CommandStart => {
    const file = fileURLToPath(url);
    return file.endsWith(".ts")
      ? [execPath, "--conditions=outrigger-source", "--disable-warning=ExperimentalWarning", file]
      : [execPath, file];
  };
  return { sidecar: start(urls.sidecar), aggregator: start(urls.aggregator) };
}
