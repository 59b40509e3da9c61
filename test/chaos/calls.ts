/** The calls of a run: what is called, with what, and which answer is the right one. Pure. */
import type { ServerName } from "./pods.ts";

/** A kind of calls. A call is told from all others by its number, so that the answer of another is seen. */
export interface CallKind {
  readonly tool: string;
  readonly write: (call: CallId) => Readonly<Record<string, unknown>>;
  readonly isRight: (shown: string, call: CallId) => boolean;
}

/** Whose call it is, and its number among that caller's. */
export interface CallId {
  readonly caller: string;
  readonly number: number;
}

const spell = ({ caller, number }: CallId): string => `call ${number} of ${caller}.`;
const echo = (server: ServerName, argument: string): CallKind => ({
  tool: `tools__${server}__echo`,
  write: (call) => ({ [argument]: spell(call) }),
  isRight: (shown, call) => shown.includes(spell(call)),
});

/** Calls that are answered at once, one kind for each server. */
export const quickCalls: readonly CallKind[] = [
  echo("everything", "message"),
  echo("everything-http", "message"),
  echo("modern", "text"),
];

const secondsOf = ({ number }: CallId): number => 1 + (number % 900_000) / 1_000_000;
const slow = (server: ServerName): CallKind => ({
  tool: `tools__${server}__trigger-long-running-operation`,
  write: (call) => ({ duration: secondsOf(call), steps: 2 }),
  isRight: (shown, call) => shown.includes(`Duration: ${secondsOf(call)} seconds`),
});

/** Calls that are under way for more than a second, so that whatever ends meets some in the middle. */
export const slowCalls: readonly CallKind[] = [slow("everything"), slow("everything-http")];
