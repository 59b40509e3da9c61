/** The arguments of `outrigger call`: from the command line, a file or stdin; always one JSON object. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Io } from "../io.ts";

/** Outcome: the arguments, or one sentence about what was expected. */
export type CallInput =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly what: string };

/** Reads the arguments. `json` is the option's text (`@FILE` names a file), `dash` says that stdin is to be read; neither means none. */
export async function readCallInput(
  io: Pick<Io, "cwd" | "readStdin">,
  source: { readonly json: string | undefined; readonly dash: boolean },
): Promise<CallInput> {
  if (source.json !== undefined && source.dash) return { ok: false, what: "Expected either --json or -, not both." };
  if (source.dash) return parseInput(await io.readStdin(), "stdin");
  if (source.json === undefined) return { ok: true, value: {} };
  if (!source.json.startsWith("@")) return parseInput(source.json, "--json");
  const file = source.json.slice(1);
  try {
    return parseInput(readFileSync(resolve(io.cwd, file), "utf8"), file);
  } catch (error) {
    return { ok: false, what: error instanceof Error ? error.message : String(error) };
  }
}

function parseInput(text: string, from: string): CallInput {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, what: `${from}: expected a JSON object, e.g. '{"path":"README.md"}' (${why}).` };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, what: `${from}: expected a JSON object, e.g. '{"path":"README.md"}'.` };
  }
  // An object that came from JSON has string keys.
  return { ok: true, value: value as Readonly<Record<string, unknown>> };
}
