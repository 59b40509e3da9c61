/**
 * Makes the result of a tool call fit a size: texts are cut, lists are shortened, binary blocks give way to a sentence. JSON stays
 * valid and objects keep all their keys, so that structured content still has its form; the result says that it was cut.
 */
import { isSpeltNumber } from "./exact-json.ts";

/** The key under which a result that was cut says so: `{"bytes": <of the whole answer>, "maxBytes": <allowed>}`. */
export const truncatedMetaKey = "outrigger.dev/truncated";

type Members = Record<string, unknown>;

/** Characters of one text and entries of one list, tried from above until the answer fits. */
const steps = [1_048_576, 262_144, 65_536, 16_384, 4_096, 1_024, 256, 64, 16] as const;

/** Deeper values are replaced by nothing: nobody reads them, and reading them costs the stack. */
const maxDepth = 128;

/**
 * Returns the response's text with a result that fits, or undefined where none does: then the answer has to be refused.
 * `sizes.bytes` is what the answer has, `sizes.maxBytes` what it may have. The message is not changed.
 */
export function truncateResult(
  message: Readonly<Members>,
  sizes: { readonly bytes: number; readonly maxBytes: number },
): string | undefined {
  const { result } = message;
  if (!isMembers(result) || !Array.isArray(result["content"])) return undefined;
  for (const most of steps) {
    const text = JSON.stringify({ ...message, result: cutResult(result, sizes, most) });
    if (Buffer.byteLength(text) <= sizes.maxBytes) return text;
  }
  return undefined;
}

function cutResult(result: Members, sizes: { bytes: number; maxBytes: number }, most: number): Members {
  const { content, _meta: meta, ...rest } = result;
  const blocks = (Array.isArray(content) ? content : []).slice(0, most).map((block: unknown) => cutBlock(block, most));
  const text = `The answer was cut: it had ${sizes.bytes} bytes, ${sizes.maxBytes} are allowed. Ask for less at once.`;
  return {
    ...cutMembers(rest, most, 0),
    content: [...blocks, { type: "text", text }],
    _meta: { ...(isMembers(meta) ? cutMembers(meta, most, 0) : {}), [truncatedMetaKey]: { ...sizes } },
  };
}

/** Half of an image is none: a block whose bytes would be cut becomes a text that says what is missing. */
function cutBlock(block: unknown, most: number): unknown {
  if (!isMembers(block)) return cut(block, most, 0);
  const holder = isMembers(block["resource"]) ? block["resource"] : block;
  const bytes = holder["data"] ?? holder["blob"];
  if (typeof bytes !== "string" || bytes.length <= most) return cut(block, most, 0);
  const type = typeof holder["mimeType"] === "string" ? holder["mimeType"].slice(0, 128) : "binary data";
  return { type: "text", text: `[${type} of ${bytes.length} characters left out]` };
}

function cut(value: unknown, most: number, depth: number): unknown {
  if (typeof value === "string") return cutText(value, most);
  if (typeof value !== "object" || value === null || isSpeltNumber(value)) return value;
  if (depth >= maxDepth) return null;
  if (Array.isArray(value)) return value.slice(0, most).map((item: unknown) => cut(item, most, depth + 1));
  return cutMembers(value as Members, most, depth + 1);
}

function cutMembers(members: Members, most: number, depth: number): Members {
  return Object.fromEntries(Object.entries(members).map(([key, item]) => [key, cut(item, most, depth)]));
}

/** Never between the halves of a character outside the basic plane. */
function cutText(text: string, most: number): string {
  if (text.length <= most) return text;
  const last = text.charCodeAt(most - 1);
  return `${text.slice(0, last >= 0xd800 && last <= 0xdbff ? most - 1 : most)}…`;
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isSpeltNumber(value);
}
