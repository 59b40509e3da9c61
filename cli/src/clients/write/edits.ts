/**
 * The least changes of a text that make it say another value: members and items are added, values are replaced, and every other character
 * stays as it is. What is nowhere in the new value is replaced with what holds it. Pure.
 */
import { isDeepStrictEqual } from "node:util";
import { isMap, isScalar, isSeq, type Node, type Pair } from "yaml";
import { rangeOf, type Edit } from "./edit.ts";
import type { TextStyle } from "./style.ts";
import { addToBlock, printBlock } from "./block.ts";
import { addToFlow, printFlow } from "./flow.ts";

/** Lists the edits. `node` and `style` are of the text as it is. */
export function listEdits(node: Node, after: unknown, style: TextStyle): readonly Edit[] {
  const before: unknown = node.toJS(style.document);
  if (isDeepStrictEqual(before, after)) return [];
  if (isMap(node) && isFields(after) && isWithin(before, after)) {
    const kept = node.items.flatMap((pair) => editMember(pair, after, style));
    const added = Object.fromEntries(Object.entries(after).filter(([key]) => !node.has(key)));
    return [...kept, ...(Object.keys(added).length === 0 ? [] : add(node, added, style))];
  }
  if (isSeq(node) && Array.isArray(after) && after.length >= node.items.length) {
    // Items of a parsed list are nodes.
    const kept = node.items.flatMap((item, at) => listEdits(item as Node, after[at], style));
    const added: readonly unknown[] = after.slice(node.items.length);
    return [...kept, ...(added.length === 0 ? [] : add(node, added, style))];
  }
  return [replace(node, after, style)];
}

function editMember({ key, value }: Pair, after: Fields, style: TextStyle): readonly Edit[] {
  // Members of a parsed object have a scalar for a key and a node for a value.
  return isScalar(key) ? listEdits(value as Node, after[String(key.value)], style) : [];
}

function add(node: Node, added: Fields | readonly unknown[], style: TextStyle): readonly Edit[] {
  return isFlow(node, style) ? addToFlow(node, added, style) : [addToBlock(node, added, style)];
}

function replace(node: Node, after: unknown, style: TextStyle): Edit {
  const [start, end] = rangeOf(node);
  return { start, end, text: isFlow(node, style) ? printFlow(node, after, style) : printBlock(node, after, style) };
}

/** Whether a value is written with braces. A lone value is written as what stands around it. */
function isFlow(node: Node, { isJson }: TextStyle): boolean {
  return isJson || ((isMap(node) || isSeq(node)) && node.flow === true);
}

type Fields = Readonly<Record<string, unknown>>;

/** Whether every member of one is a member of the other. */
function isWithin(before: unknown, after: Fields): boolean {
  return isFields(before) && Object.keys(before).every((key) => Object.hasOwn(after, key));
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
