/**
 * Takes what policy hides out of the server's messages: entries of lists, tasks of others, instructions, news of resources that are
 * denied. Which answers list things is known by request id, or, where a stream replays answers to requests of an earlier connection,
 * by shape.
 */
import {
  dropResultMember,
  filterList,
  filterTasks,
  findListKind,
  hasResultMembers,
  readLooseNotice,
  scanMessage,
  setResultMember,
  type EditedResult,
  type FilteredList,
  type ScannedMessage,
} from "@outrigger/mcp";
import { isVisible, type CompiledPolicy, type Subject, type SubjectKind, type View } from "@outrigger/policy";
import type { ListKind } from "./decide.ts";

/** Rewrites one JSON text (a message or a batch); {@link dropped}, or undefined where it is no JSON-RPC and must not be passed on. */
export type AnswerFilter = (json: Buffer) => Buffer | undefined;

/** What is left of a text that is not to be seen at all. */
export const dropped: Buffer = Buffer.alloc(0);

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

/** What the requests of an exchange were. */
export interface Expected {
  /** Which lists were asked for, by id key. */
  readonly lists: ReadonlyMap<string, ListKind>;
  /** Whether an answer to another request may hold a list. */
  readonly byShape: boolean;
  /** Id keys of the requests by which the server presents itself. */
  readonly greetings?: ReadonlySet<string> | undefined;
  /** Whether what is listed says who may keep it. */
  readonly isModern?: boolean;
  /** Which tasks of a list of tasks are shown; all where absent. */
  readonly keepTask?: ((taskId: string) => boolean) | undefined;
  /** What is known of an entry besides its name, where policy asks for it. `entry`: its bytes. */
  readonly viewOf?: (subject: Subject, entry: Uint8Array) => View;
}

/** Creates the filter of one exchange. Policy is asked anew for each text: a stream may live longer than a policy. */
export function createAnswerFilter(policy: () => CompiledPolicy, expected: Expected): AnswerFilter {
  const sees = (inForce: CompiledPolicy, subject: Subject, entry: Uint8Array = dropped): boolean =>
    isVisible(inForce, subject, inForce.needsView ? expected.viewOf?.(subject, entry) : undefined);
  const filterEntries = (json: Buffer, list: ListKind): Buffer | undefined => {
    const inForce = policy();
    const kind = subjectKinds[list];
    const shown = bytesOf(
      filterList(json, list, (name, entry) => sees(inForce, { kind, name }, entry)),
      json,
    );
    const isOwn = expected.isModern === true && inForce.answers?.variesByCaller === true;
    // What one caller sees must not be kept for another. Source: MCP 2026-07-28, caching.
    return isOwn && shown !== undefined ? bytesOf(setResultMember(shown, "cacheScope", "private"), shown) : shown;
  };
  const filterResponse = (json: Buffer, { id }: ScannedMessage): Buffer | undefined => {
    const key = keyOfId(id);
    const list = expected.lists.get(key) ?? (expected.byShape ? findListKind(json) : undefined);
    if (list !== undefined) return filterEntries(json, list);
    if (policy().answers?.dropsInstructions === true && isGreeting(json, key, expected))
      return bytesOf(dropResultMember(json, "instructions"), json);
    return expected.keepTask === undefined ? json : bytesOf(filterTasks(json, expected.keepTask), json);
  };
  const filterMessage = (json: Buffer, message: ScannedMessage): Buffer | undefined => {
    if (message.type === "response") return filterResponse(json, message);
    if (message.method !== resourceUpdated) return json;
    return sees(policy(), { kind: "resource", name: message.uri ?? "" }) ? json : dropped;
  };
  /** A message that decoders may read differently: it passes where nobody can read a list in it, or of which resource it tells. */
  const filterLoose = (json: Buffer): Buffer | undefined => {
    const methods = readLooseNotice(json);
    const { answers, denied } = policy();
    const hides = answers?.hidesResources === true || denied !== undefined;
    return hides && methods?.includes(resourceUpdated) === true ? dropped : methods && json;
  };
  return (json) => {
    const scan = scanMessage(json, { maxDepth: answerDepth });
    switch (scan.kind) {
      case "refused":
        return filterLoose(json);
      case "message":
        return filterMessage(json, scan.message);
      case "batch":
        return filterBatch(json, scan.batch, filterMessage);
    }
  };
}

const resourceUpdated = "notifications/resources/updated";

function isGreeting(json: Buffer, key: string, { greetings, byShape }: Expected): boolean {
  return greetings?.has(key) === true || (byShape && hasResultMembers(json, ["capabilities", "instructions"]));
}

function bytesOf(filtered: FilteredList | EditedResult, json: Buffer): Buffer | undefined {
  switch (filtered.kind) {
    case "refused":
      return undefined;
    case "unchanged":
      return json;
    default:
      return filtered.bytes;
  }
}

/** Answers come from the server that is guarded, not from a caller; schemas in lists nest deeper than requests do. */
const answerDepth = 256;

type FilterMessage = (json: Buffer, message: ScannedMessage) => Buffer | undefined;

function filterBatch(json: Buffer, batch: readonly Uint8Array[], filterMessage: FilterMessage): Buffer | undefined {
  const elements = batch.map(toBuffer);
  const shown = elements.map((element) => filterElement(element, filterMessage));
  if (shown.every((each, at) => each === elements[at])) return json;
  const left = shown.filter((each) => each !== dropped);
  return left.length === 0 ? dropped : joinBatch(left);
}

function filterElement(json: Buffer, filterMessage: FilterMessage): Buffer | undefined {
  const scan = scanMessage(json, { maxDepth: answerDepth });
  return scan.kind === "message" ? filterMessage(json, scan.message) : undefined;
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
