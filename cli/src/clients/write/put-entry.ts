/**
 * Puts an entry into the text of a client's file: JSON with comments or without, or YAML. All that is not the entry's stays byte for byte. A
 * text that its client could not read is refused, as is one that would not say afterwards what it should. Pure.
 */
import { isDeepStrictEqual } from "node:util";
import { parseDocument, type Node } from "yaml";
import { blankComments } from "../../config/comments.ts";
import { parseText, type LineProblem } from "../../config/document.ts";
import type { FileForm } from "../client.ts";
import { writeFile } from "../write-file.ts";
import { applyEdits } from "./edit.ts";
import { listEdits } from "./edits.ts";
import { mergeEntry } from "./merge.ts";
import { readStyle } from "./style.ts";

/** The new text, or what is wrong with the one that is there. */
export type PutEntry =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problems: readonly LineProblem[] };

/** A file whose form is written. TOML is not: nothing here reads it. */
export type WritableForm = FileForm & { readonly format: "json" | "yaml" };

/** Puts it in. `form`: the whole file as it would be with the entry alone, which stands under `name`. An empty text becomes that. */
export function putEntry(text: string, form: WritableForm, name: string): PutEntry {
  if (text.replace(/^\uFEFF/, "").trim() === "") return { ok: true, text: writeFile(form) };
  const isJson = form.format === "json";
  const blanked = isJson ? blankTrailingCommas(blankComments(text)) : text;
  const read = readValue(text, blanked, isJson);
  if (!read.ok) return read;
  const merged = mergeEntry(read.value, form.value, name);
  if (!merged.ok) {
    const { path, expected } = merged;
    const message = `${path.join(".") || "the file"}: expected ${expected}`;
    return { ok: false, problems: [{ line: read.lineOf(path), message }] };
  }
  const source = isJson ? blankComments(text) : text;
  const document = parseDocument(source);
  const style = readStyle({ text, blanked: source, document, isJson });
  // A file of which a value was read has contents.
  const after = applyEdits(text, listEdits(document.contents as Node, merged.value, style));
  const check = readValue(after, isJson ? blankTrailingCommas(blankComments(after)) : after, isJson);
  return check.ok && isDeepStrictEqual(check.value, merged.value)
    ? { ok: true, text: after }
    : { ok: false, problems: [{ line: 1, message: "the entry can't be put in without changing how it is written" }] };
}

type ReadValue =
  | { readonly ok: true; readonly value: unknown; readonly lineOf: (path: readonly string[]) => number }
  | Extract<PutEntry, { ok: false }>;

function readValue(text: string, blanked: string, isJson: boolean): ReadValue {
  const parsed = parseText(text);
  if (!parsed.ok) return parsed;
  const { value, lineOf } = parsed.parsed;
  if (!isJson) return { ok: true, value, lineOf };
  try {
    return { ok: true, value: JSON.parse(blanked.replace(/^\uFEFF/, "")) as unknown, lineOf };
  } catch (error) {
    const at = Number(/position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1] ?? 0);
    const message = "expected JSON: names and texts in double quotes, values, commas between them";
    return { ok: false, problems: [{ line: blanked.slice(0, at).split("\n").length, message }] };
  }
}

const textOrTrailingComma = /"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])/g;

/** Lets JSON with commas behind the last of a list be read as JSON. */
function blankTrailingCommas(text: string): string {
  return text.replace(textOrTrailingComma, (found) => (found === "," ? " " : found));
}
