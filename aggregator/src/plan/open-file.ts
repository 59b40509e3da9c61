/**
 * The endpoint file while the program runs: what is in force, and why the file as it is now is not. A file that becomes broken or goes away
 * changes nothing.
 */
import { watchFile } from "@outrigger/runtime/watched-file";
import { noEndpoints, type EndpointFile } from "./plan.ts";
import { readEndpointFile } from "./read-file.ts";

/** Where it is. `path`: undefined where there is none; `onChange`: told once another content is in force. */
export interface EndpointFileOptions {
  readonly path: string | undefined;
  readonly onChange: () => void;
  readonly onProblem: (problem: string) => void;
  readonly pollMs?: number;
}

/** The file. `problem`: of what is there now. */
export interface OpenedEndpointFile {
  readonly current: () => EndpointFile;
  readonly problem: () => string | undefined;
  readonly close: () => void;
}

/** The endpoint file can't be used. The message says where it is and what is wrong. */
export class EndpointFileError extends Error {}

/** Opens it. Errors: throws an {@link EndpointFileError} where it can't be read at the start, since then nothing says what endpoints should show. */
export function openEndpointFile(options: EndpointFileOptions): OpenedEndpointFile {
  const { path, onChange, onProblem, pollMs = 1_000 } = options;
  if (path === undefined) return { current: () => noEndpoints, problem: () => undefined, close: () => undefined };
  let problem: string | undefined;
  const watched = watchFile<EndpointFile>({
    path,
    parse: readEndpointFile,
    pollMs,
    onChange: () => {
      problem = undefined;
      onChange();
    },
    onProblem: (told) => {
      problem = told;
      onProblem(told);
    },
  });
  if (!watched.ok) throw new EndpointFileError(`${watched.problem}.`);
  const { file } = watched;
  return { current: file.current, problem: () => problem, close: file.close };
}
