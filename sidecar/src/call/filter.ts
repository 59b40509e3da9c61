/**
 * Takes what policy hides out of answers that list things. Which answers those are is known by request id,
 * or, where a stream replays answers to requests of an earlier connection, by shape.
 */
import { filterList, filterTasks, findListKind, scanMessage, type FilteredList } from "@outrigger/mcp";
import { isVisible, type CompiledPolicy, type Subject, type SubjectKind, type View } from "@outrigger/policy";
import type { ListKind } from "./decide.ts";

/** Rewrites one JSON text (a message or a batch); undefined where it is no JSON-RPC and must not be passed on. */
export type AnswerFilter = (json: Buffer) => Buffer | undefined;

/** A request id as a key: 1 and "1" are different ids. */
export function keyOfId(id: string | number | null | undefined): string {
  return `${typeof id}:${String(id)}`;
}

const subjectKinds: Readonly<Record<ListKind, SubjectKind>> = {
  tools: "tool",
  prompts: "prompt",
  resources: "resource",
  resourceTemplates: "resource",
};

/**
 * Creates the filter for the answers to the given requests (id key to list); with `byShape` for any answer that lists. Policy is asked
 * anew for each answer: a stream may live longer than a policy.
 */
export function createAnswerFilter(
  policy: () => CompiledPolicy,
  expected: {
    readonly lists: ReadonlyMap<string, ListKind>;
    readonly byShape: boolean;
    /** Which tasks of a list of tasks are shown; all where absent. */
    readonly keepTask?: (taskId: string) => boolean;
    /** What is known of an entry besides its name, where policy asks for it. `entry`: its bytes. */
    readonly viewOf?: (subject: Subject, entry: Uint8Array) => View;
  },
): AnswerFilter {
  const filterOne = (json: Buffer, id: string | number | null | undefined): Buffer | undefined => {
    const list = expected.lists.get(keyOfId(id)) ?? (expected.byShape ? findListKind(json) : undefined);
    if (list === undefined)
      return expected.keepTask === undefined ? json : bytesOf(filterTasks(json, expected.keepTask), json);
    const inForce = policy();
    const { viewOf } = expected;
    const filtered = filterList(json, list, (key, entry) => {
      const subject = { kind: subjectKinds[list], name: key };
      return isVisible(inForce, subject, inForce.needsView ? viewOf?.(subject, entry) : undefined);
    });
    return bytesOf(filtered, json);
  };
  return (json) => {
    const scan = scanMessage(json, { maxDepth: answerDepth });
    switch (scan.kind) {
      case "refused":
        return undefined;
      case "message":
        return scan.message.type === "response" ? filterOne(json, scan.message.id) : json;
      case "batch":
        return joinBatch(scan.batch.map((element) => filterElement(toBuffer(element), filterOne)));
    }
  };
}

function bytesOf(filtered: FilteredList, json: Buffer): Buffer | undefined {
  switch (filtered.kind) {
    case "refused":
      return undefined;
    case "unchanged":
      return json;
    case "filtered":
      return filtered.bytes;
  }
}

/** Answers come from the server that is guarded, not from a caller; schemas in lists nest deeper than requests do. */
const answerDepth = 256;

type FilterOne = (json: Buffer, id: string | number | null | undefined) => Buffer | undefined;

function filterElement(json: Buffer, filterOne: FilterOne): Buffer | undefined {
  const scan = scanMessage(json, { maxDepth: answerDepth });
  if (scan.kind !== "message") return undefined;
  return scan.message.type === "response" ? filterOne(json, scan.message.id) : json;
}

/** Joins the texts of messages to a batch; undefined where one of them is missing. */
export function joinBatch(elements: readonly (Buffer | undefined)[]): Buffer | undefined {
  const parts: Buffer[] = [];
  for (const element of elements) {
    if (element === undefined) return undefined;
    parts.push(Buffer.from(parts.length === 0 ? "[" : ","), element);
  }
  return Buffer.concat([...parts, Buffer.from("]")]);
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
