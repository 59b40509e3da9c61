/**
 * Builds one server's part of the index. The stage after `catalog/merge.ts` and before `snapshot.ts`. Holds counts only;
 * frequencies and average lengths over the whole catalogue are applied when a query is scored, so a segment stays right
 * whatever else comes and goes.
 */
import { createHash } from "node:crypto";
import type { ServerEntry, ToolEntry } from "../catalog/entry.ts";
import { hashText } from "./column.ts";
import { countTokens } from "./count-tokens.ts";
import { fields, readServerName, readServerTexts, readToolTexts } from "./fields.ts";
import { everyDocument, packDetail, packPlace } from "./postings.ts";
import { readTags } from "./tags.ts";
import { tokenize } from "./tokens.ts";

/** For looking documents up; see `column.ts`. */
export interface Columns {
  readonly publicNames: Int32Array;
  readonly ownNames: Int32Array;
  readonly copies: Int32Array;
}

/** What stays of a server beside its postings. Documents are positions in `server.tools`, at most 2,000. */
export interface Segment {
  readonly server: ServerEntry;
  /** Sum of lengths, and number of documents that are not empty, per field. */
  readonly lengthSums: Float64Array;
  readonly filled: Float64Array;
  /** 1 where a tool says of itself that it only reads. */
  readonly readOnly: Uint8Array;
  /** Tokens of each definition as a list of tools holds it. */
  readonly tokens: Int32Array;
  /** Tags of the tools that have any, by document. */
  readonly tags: ReadonlyMap<number, readonly string[]>;
  /** Stems of the server's name and title, for the server hint. */
  readonly nameStems: ReadonlySet<string>;
  /** Numbers of public names, of own names and of `copyKeys` by document. */
  readonly columns: Columns;
  /** Equal where two tools are copies: the same definition from servers of the same title and description. */
  readonly copyKeys: readonly string[];
}

/** Where a segment goes. Postings are given away in the order that lists of postings have; `stemWord` may remember stems. */
export interface SegmentTarget {
  readonly slot: number;
  readonly addPosting: (term: string, place: number, detail: number) => void;
  readonly stemWord: (word: string) => string;
}

/** Builds the segment of a server and gives away its postings. Cost: about 0.1 ms a tool. */
export function buildSegment(server: ServerEntry, target: SegmentTarget): Segment {
  const { tools } = server;
  const draft: Draft = {
    ...target,
    lengthSums: new Float64Array(fields.length),
    filled: new Float64Array(fields.length),
  };
  if (tools.length > 0) addServerTexts(draft, server);
  for (const [document, tool] of tools.entries()) {
    for (const [field, text] of readToolTexts(tool, tools.length))
      addText(draft, text, { document, field, documents: 1 });
  }
  const { lengthSums, filled } = draft;
  const copyKeys = tools.map((tool) => readCopyKey(tool, server));
  return {
    server,
    lengthSums,
    filled,
    readOnly: Uint8Array.from(tools, (tool) => (isReadOnly(tool) ? 1 : 0)),
    tokens: Int32Array.from(tools, countDefinition),
    tags: new Map([...tools.entries()].map(([at, tool]) => [at, readTags(tool.definition)] as const).filter(hasTags)),
    nameStems: new Set(tokenize(readServerName(server))),
    columns: {
      publicNames: Int32Array.from(tools, (tool) => hashText(tool.publicName)),
      ownNames: Int32Array.from(tools, (tool) => hashText(tool.name)),
      copies: Int32Array.from(copyKeys, hashText),
    },
    copyKeys,
  };
}

interface Draft extends SegmentTarget {
  readonly lengthSums: Float64Array;
  readonly filled: Float64Array;
}

function addServerTexts(draft: Draft, server: ServerEntry): void {
  const whole = { document: everyDocument, documents: server.tools.length };
  for (const [field, text] of readServerTexts(server)) addText(draft, text, { ...whole, field });
}

/** `documents` is the number of documents that the text belongs to. */
interface TextPlace {
  readonly document: number;
  readonly field: number;
  readonly documents: number;
}

function addText(draft: Draft, text: string, { document, field, documents }: TextPlace): void {
  const terms = tokenize(text, draft.stemWord);
  if (terms.length === 0) return;
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  const place = packPlace({ slot: draft.slot, document });
  for (const [term, count] of counts) draft.addPosting(term, place, packDetail({ field, count, length: terms.length }));
  draft.lengthSums[field] = (draft.lengthSums[field] ?? 0) + documents * terms.length;
  draft.filled[field] = (draft.filled[field] ?? 0) + documents;
}

function isReadOnly({ definition }: ToolEntry): boolean {
  const annotations: unknown = definition["annotations"];
  return typeof annotations === "object" && annotations !== null && Reflect.get(annotations, "readOnlyHint") === true;
}

function countDefinition({ definition, publicName }: ToolEntry): number {
  return countTokens(JSON.stringify({ ...definition, name: publicName }));
}

function hasTags([, tags]: readonly [number, readonly string[]]): boolean {
  return tags.length > 0;
}

function readCopyKey({ definition }: ToolEntry, { server, title, description }: ServerEntry): string {
  const text = JSON.stringify([definition, title ?? server, description]);
  return createHash("sha256").update(text).digest("base64").slice(0, 22);
}
