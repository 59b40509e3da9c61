/** `outrigger client-config --write`: the entry into the client's own file, after what changes was shown. */
import type { ClientConfig } from "../clients/clients.ts";
import { readClientFile, replaceClientFile, type FoundFile } from "../clients/write/file.ts";
import { findPlace } from "../clients/write/find-place.ts";
import { putEntry, type WritableForm } from "../clients/write/put-entry.ts";
import type { Io } from "../io.ts";
import { formatDiff } from "../output/line-diff.ts";
import { reportProblem } from "../output/problem.ts";

/** What was asked for. `file`: another file than the client's first; `isDry`: nothing is written. */
export interface WriteChoice {
  readonly file: string | undefined;
  readonly isDry: boolean;
  readonly nowMs: () => number;
}

/** Shows what changes, and writes it. The difference goes to stdout, what became of it to stderr. */
export function writeClientConfig(io: Io, config: ClientConfig, choice: WriteChoice): void {
  const { system, home, roaming } = io.host.userFolders();
  const path = findPlace(config.places, choice.file, { system, home, roaming, cwd: io.cwd });
  const refusal = refuse(config, path);
  if (path === undefined || refusal !== undefined) {
    reportProblem(io, { code: "OUTRIGGER_ERR_USAGE", ...refusal });
    return;
  }
  const found = attempt(io, `${path} can't be read`, () => readClientFile(path));
  if (found === undefined) return;
  // The form was looked at by refuse().
  const put = putEntry(found.text ?? "", config.form as WritableForm, config.entryName);
  if (!put.ok) {
    const details = put.problems.map(({ line, message }) => `${path}:${line}: ${message}`);
    const what = `What ${config.title} has can't be read as its client reads it, so nothing is written.`;
    reportProblem(io, { code: "OUTRIGGER_ERR_CONFIG_SYNTAX", what, details });
    return;
  }
  write(io, { config, found, next: put.text, choice });
}

/** Why the file of a client can't be written; undefined where it can. */
function refuse(
  config: ClientConfig,
  path: string | undefined,
): { readonly what: string; readonly next: string } | undefined {
  const print = `outrigger client-config --client ${config.name}`;
  if (config.form.format === "toml")
    return { what: `${config.title} keeps TOML, which is printed and not written.`, next: config.note ?? print };
  if (path === undefined)
    return { what: "No file is known for other clients: name it.", next: `${print} --write --file FILE` };
  return undefined;
}

function write(
  io: Io,
  {
    config,
    found,
    next,
    choice,
  }: {
    readonly config: ClientConfig;
    readonly found: FoundFile;
    readonly next: string;
    readonly choice: WriteChoice;
  },
): void {
  const { paint } = io.err;
  const { path, text } = found;
  if (next === text) {
    io.err.write(`${paint.good("✓")} ${path} has it already.\n`);
    return;
  }
  const diff = formatDiff(text ?? "", next, io.out.paint);
  io.err.write(`${paint.title(path)}${text === undefined ? " (new)" : ""}\n`);
  io.out.write(`${diff.join("\n")}\n`);
  if (choice.isDry) {
    io.err.write(`${paint.faint("Nothing is written: --dry-run.")}\n`);
    return;
  }
  const copy = attempt(io, `${path} can't be written`, () => ({
    path: replaceClientFile(found, next, choice.nowMs()),
  }));
  if (copy === undefined) return;
  const kept = copy.path === undefined ? "" : ` What it was: ${copy.path}`;
  io.err.write(`${paint.good("✓")} Written.${kept}\n`);
  io.err.write(`${paint.faint(`${config.title} reads it when it starts, or when its list of servers is reloaded.`)}\n`);
}

/** What `run` gives; undefined where the system says no, which is reported here. */
function attempt<T>(io: Io, failure: string, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    reportProblem(io, { code: "OUTRIGGER_ERR_CONFIG_UNREADABLE", what: `${failure}: ${why}.` });
    return undefined;
  }
}
