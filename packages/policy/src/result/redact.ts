/**
 * Replaces what policy names in a message of the server: fields of results by JSON pointer, secrets in any text by pattern.
 * Pure: works on a parsed message, which it changes in place. What can't be read to its last level is refused, never passed on.
 */
import { createSecretFinder, isSecretPattern, type SecretFinder, type SecretPatternName } from "../secrets.ts";
import { isSpeltNumber, parseExact } from "./exact-json.ts";
import type { Pointer } from "./pointer.ts";

/** What stands where a text was replaced. */
export const redactedText = "[redacted]";

/** What is replaced, compiled. */
export interface CompiledRedaction {
  readonly pointers: readonly Pointer[];
  readonly secrets: SecretFinder | undefined;
}

/** Compiles all layers' words; undefined where there are none. */
export function compileRedaction(words: readonly (Pointer | SecretPatternName)[]): CompiledRedaction | undefined {
  if (words.length === 0) return undefined;
  const byText = new Map(words.flatMap((word) => (typeof word === "string" ? [] : [[word.text, word]])));
  const names = words.filter((word) => typeof word === "string").filter(isSecretPattern);
  return { pointers: [...byText.values()], secrets: createSecretFinder(names) };
}

/** Values that nest deeper are refused: nobody means them, and reading them costs the stack. */
const maxDepth = 256;

/** Outcome: how many values were replaced; or the message must not be passed on. */
export type Redacted = { readonly ok: true; readonly count: number } | { readonly ok: false };

/** Redacts one parsed JSON-RPC message in place. */
export function redactMessage(redaction: CompiledRedaction, message: unknown): Redacted {
  const tally = { count: 0 };
  if (!isRecord(message)) return { ok: false };
  const fits = redactFields(redaction, message["result"], tally) && redactTexts({ ...redaction, tally }, message, 0);
  return fits ? { ok: true, count: tally.count } : { ok: false };
}

interface Tally {
  count: number;
}

type MutableRecord = Record<string, unknown>;
type Container = MutableRecord | unknown[];

function isContainer(value: unknown): value is Container {
  return typeof value === "object" && value !== null && !isSpeltNumber(value);
}

function isRecord(value: unknown): value is MutableRecord {
  return isContainer(value) && !Array.isArray(value);
}

/** Pointers lead into structured content and into every text of the result that is a JSON object or list. */
function redactFields({ pointers }: CompiledRedaction, result: unknown, tally: Tally): boolean {
  if (pointers.length === 0 || !isRecord(result)) return true;
  for (const { tokens } of pointers) redactAt(result["structuredContent"], tokens, tally);
  return listTextHolders(result).every((holder) => redactJsonText(holder, pointers, tally));
}

/** Blocks that may hold a text, in results of tools/call, resources/read and prompts/get. Source: MCP schema, ContentBlock. */
function listTextHolders(result: MutableRecord): readonly MutableRecord[] {
  const messages = listOf(result["messages"]).flatMap((message) =>
    isRecord(message) ? listOf(message["content"]) : [],
  );
  const blocks = [...listOf(result["content"]), ...listOf(result["contents"]), ...messages].filter(isRecord);
  const embedded = blocks.map((block) => block["resource"]).filter(isRecord);
  return [...blocks, ...embedded].filter((holder) => typeof holder["text"] === "string");
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function redactJsonText(holder: MutableRecord, pointers: readonly Pointer[], tally: Tally): boolean {
  const text = String(holder["text"]);
  if (!/^\s*[[{]/.test(text)) return true;
  const parsed = parseExact(text);
  if (parsed === undefined) return true;
  if (!isShallow(parsed.value, 0)) return false;
  for (const { tokens } of pointers) redactAt(parsed.value, tokens, tally);
  // Written again even where nothing was replaced: of a key that stands twice only the last one was seen.
  holder["text"] = JSON.stringify(parsed.value, undefined, text.includes("\n") ? 2 : undefined);
  return true;
}

function isShallow(value: unknown, depth: number): boolean {
  if (!isContainer(value)) return true;
  return depth < maxDepth && Object.values(value).every((item) => isShallow(item, depth + 1));
}

function redactAt(value: unknown, tokens: readonly string[], tally: Tally): void {
  const [token, ...rest] = tokens;
  if (token === undefined || !isContainer(value)) return;
  for (const key of keysFor(value, token)) {
    // Both have their members by key; a list has them by index.
    const members = value as MutableRecord;
    if (rest.length > 0) redactAt(members[key], rest, tally);
    else {
      members[key] = blank(members[key]);
      tally.count++;
    }
  }
}

function keysFor(value: Container, token: string): readonly string[] {
  if (Array.isArray(value) && token === "*") return [...value.keys()].map(String);
  return Object.hasOwn(value, token) && !(Array.isArray(value) && token === "length") ? [token] : [];
}

/** A value of the same JSON type, so that a result still fits the tool's output schema. */
function blank(value: unknown): unknown {
  if (typeof value === "string") return redactedText;
  if (typeof value === "number" || isSpeltNumber(value)) return 0;
  if (typeof value === "boolean") return false;
  if (Array.isArray(value)) return [];
  return value === null ? null : {};
}

interface TextContext {
  readonly secrets: SecretFinder | undefined;
  readonly tally: Tally;
}

/** Replaces secrets in every text below a value, keys included. False where it nests too deeply. */
function redactTexts(context: TextContext, value: Container, depth: number): boolean {
  if (depth >= maxDepth) return false;
  const { secrets, tally } = context;
  for (const [key, item] of Object.entries(value)) {
    // Both have their members by key; a list has them by index.
    const members = value as MutableRecord;
    if (isContainer(item) && !redactTexts(context, item, depth + 1)) return false;
    if (secrets === undefined) continue;
    if (typeof item === "string") members[key] = replaceIn(secrets, item, tally);
    if (!Array.isArray(value)) renameKey(secrets, { members, key }, tally);
  }
  return true;
}

function replaceIn(secrets: SecretFinder, text: string, tally: Tally): string {
  const replaced = secrets.replace(text, redactedText);
  if (replaced !== text) tally.count++;
  return replaced;
}

function renameKey(
  secrets: SecretFinder,
  { members, key }: { readonly members: MutableRecord; readonly key: string },
  tally: Tally,
): void {
  const name = replaceIn(secrets, key, tally);
  if (name === key) return;
  members[name] = members[key];
  Reflect.deleteProperty(members, key);
}
