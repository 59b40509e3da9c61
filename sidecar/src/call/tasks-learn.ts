/**
 * Reads the ids of new tasks from answers to calls that may make one, before the client sees them. Other answers are not looked at.
 * Source: MCP 2025-11-25 basic/utilities/tasks (CreateTaskResult), 2026-07-28 tasks extension (resultType "task").
 */
import { createEventSplitter, type EventSplitter } from "@outrigger/mcp";
import { isEventStream } from "../upstream/headers.ts";
import type { UpstreamSink } from "../upstream/upstream.ts";
import type { Decided } from "./exchange.ts";
import { keyOfId } from "./filter.ts";
import type { Item } from "./message.ts";
import { ownerOf, type TaskTable } from "./tasks.ts";

/** An answer that makes a task is short: it holds no result yet. */
const maxAnswerBytes = 64 * 1024;

const taskMember = Buffer.from('"task"');
const extensionName = Buffer.from("io.modelcontextprotocol/tasks");

/** Wraps the sink of an exchange whose answer may make tasks; any other sink is returned as it is. */
export function learnTasks(table: TaskTable, exchange: Decided, sink: UpstreamSink): UpstreamSink {
  let tools: Map<string, string> | undefined;
  for (const { item, decision } of exchange.allowed)
    if (item.message.method === "tools/call" && decision.name !== undefined && mayMakeTask(item))
      (tools ??= new Map()).set(keyOfId(item.message.id), decision.name);
  if (tools === undefined) return sink;
  const known = tools;
  const owner = ownerOf(exchange.received, exchange.era);
  return tap(sink, (json) => {
    for (const { id, taskId } of findTasks(json)) {
      const tool = known.get(keyOfId(id));
      if (tool !== undefined) table.learn(owner, taskId, tool);
    }
  });
}

/**
 * Whether a call asks for a task or declares that it takes one. Looks outside the arguments only, for the plain spelling: a client
 * that spells it otherwise gets its task, and nobody can ask about it.
 */
function mayMakeTask({ bytes, message }: Item): boolean {
  const wanted = message.claimedVersion === undefined ? taskMember : extensionName;
  const { start, end } = message.argumentsSpan ?? { start: bytes.length, end: bytes.length };
  return bytes.subarray(0, start).includes(wanted) || bytes.subarray(end).includes(wanted);
}

function tap(sink: UpstreamSink, read: (json: string) => void): UpstreamSink {
  let reader: Pick<UpstreamSink, "onData" | "onEnd"> | undefined;
  return {
    onHead: (status, headers) => {
      reader = isEventStream(headers) ? createStreamReader(read) : createBodyReader(read);
      sink.onHead(status, headers);
    },
    onData: (chunk) => {
      reader?.onData(chunk);
      return sink.onData(chunk);
    },
    onEnd: () => {
      reader?.onEnd();
      sink.onEnd();
    },
    onFailure: sink.onFailure,
  };
}

function createBodyReader(read: (json: string) => void): Pick<UpstreamSink, "onData" | "onEnd"> {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    onData: (chunk) => {
      size += chunk.length;
      if (size <= maxAnswerBytes) chunks.push(chunk);
      return true;
    },
    onEnd: () => {
      if (size <= maxAnswerBytes) read(Buffer.concat(chunks).toString("utf8"));
    },
  };
}

function createStreamReader(read: (json: string) => void): Pick<UpstreamSink, "onData" | "onEnd"> {
  let splitter: EventSplitter | undefined = createEventSplitter({ maxEventBytes: maxAnswerBytes });
  return {
    onData: (chunk) => {
      const split = splitter?.push(chunk);
      for (const event of split?.events ?? []) if (event.data !== undefined) read(event.data);
      if (split?.overflow === true) splitter = undefined;
      return true;
    },
    onEnd: () => undefined,
  };
}

interface NewTask {
  readonly id: string | number | null | undefined;
  readonly taskId: string;
}

function findTasks(json: string): readonly NewTask[] {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // The answer stage decides about answers that are no JSON; here there is nothing to learn.
    return [];
  }
  return (Array.isArray(value) ? value : [value]).flatMap((message: unknown) => {
    const { id, result } = toRecord(message);
    const taskId = readTaskId(toRecord(result));
    const isId = typeof id === "string" || typeof id === "number";
    return taskId === undefined || !isId ? [] : [{ id, taskId }];
  });
}

function readTaskId(result: Fields): string | undefined {
  const task = result["resultType"] === "task" ? result : toRecord(result["task"]);
  return typeof task["taskId"] === "string" ? task["taskId"] : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

// An object has string keys; anything else has no members that are looked for.
const toRecord = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});
