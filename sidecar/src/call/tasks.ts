/**
 * Which tasks a caller may ask about: those that came from calls of its own that were allowed. Everything else is unknown to it,
 * be it absent or another's. Bounded; lost with the process, so that afterwards every task is unknown.
 */
import type { MethodInfo, ScannedMessage } from "@outrigger/mcp";
import { judge, type CompiledPolicy } from "@outrigger/policy";
import type { Received } from "./received.ts";
import { viewOf, type Looker } from "./inspect/look.ts";
import type { Era } from "./message.ts";

/** The tasks of all callers. `owner`: see {@link ownerOf}. */
export interface TaskTable {
  /** Notes that an allowed call of a tool made a task. */
  readonly learn: (owner: string, taskId: string, tool: string) => void;
  /** The tool whose call made the task, if it was the owner's. */
  readonly find: (owner: string, taskId: string) => string | undefined;
  readonly size: () => number;
}

/** How many tasks are known at once, in all and of one owner. */
export interface TaskBounds {
  readonly maxTasks: number;
  readonly maxPerOwner: number;
}

/** Longer ids are not learnt: servers mint short ones. */
const maxIdChars = 1_024;

/** Creates the table. Beyond its bounds an owner loses its oldest tasks, in all the owner that has most. */
export function createTaskTable({ maxTasks, maxPerOwner }: TaskBounds): TaskTable {
  const owners = new Map<string, Map<string, string>>();
  let size = 0;
  const dropOldest = (owner: string, tasks: Map<string, string>): void => {
    const [oldest] = tasks.keys();
    if (oldest !== undefined && tasks.delete(oldest)) size--;
    if (tasks.size === 0) owners.delete(owner);
  };
  const dropFromLargest = (): void => {
    let largest: [string, Map<string, string>] | undefined;
    for (const entry of owners) if (entry[1].size > (largest?.[1].size ?? 0)) largest = entry;
    if (largest !== undefined) dropOldest(...largest);
  };
  return {
    learn: (owner, taskId, tool) => {
      if (taskId.length > maxIdChars) return;
      const tasks = owners.get(owner) ?? new Map<string, string>();
      owners.set(owner, tasks);
      if (!tasks.has(taskId)) size++;
      tasks.set(taskId, tool);
      if (tasks.size > maxPerOwner) dropOldest(owner, tasks);
      else if (size > maxTasks) dropFromLargest();
    },
    find: (owner, taskId) => owners.get(owner)?.get(taskId),
    size: () => size,
  };
}

/**
 * To whom a request's tasks belong: the caller that was vouched for, whatever its session; else the session, whose id only its
 * client knows; else the address.
 */
export function ownerOf(received: Pick<Received, "caller" | "assertion" | "headers">, era: Era): string {
  if (received.assertion !== undefined) return received.caller;
  const session = era === "legacy" ? received.headers["mcp-session-id"] : undefined;
  return typeof session === "string" ? `session:${session}` : received.caller;
}

/** What the judgement of tasks knows. */
export interface TaskContext {
  readonly policy: CompiledPolicy;
  readonly tasks: TaskTable;
  readonly owner: string;
  /** Who asks of which server, for policies that look at more than names. */
  readonly looker: Looker;
}

/** True where a message names a task that is unknown to its caller, or whose tool is denied by now. */
export function namesUnknownTask(info: MethodInfo, message: ScannedMessage, context: TaskContext): boolean {
  const named = info.subject === "task" ? [message.taskId ?? ""] : (message.taskSubscriptions ?? []);
  return !named.every((taskId) => isOwnTask(taskId, context));
}

/** Says whether a caller may see one task. */
export function isOwnTask(taskId: string, { policy, tasks, owner, looker }: TaskContext): boolean {
  const tool = tasks.find(owner, taskId);
  if (tool === undefined) return false;
  const subject = { kind: "tool", name: tool } as const;
  return judge(policy, subject, policy.needsView ? viewOf(subject, looker) : undefined).action === "allow";
}
