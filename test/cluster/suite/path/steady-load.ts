/** For tests of what goes on beside: repeats something at a steady rate while something else happens, and keeps what failed. */
import { setTimeout as pause } from "node:timers/promises";

/** What came of it. */
export interface LoadReport {
  readonly count: number;
  /** Each failure with the moment, in ms since the start. */
  readonly failures: readonly string[];
}

const workers = 4;
const pauseMs = 50;

/** Repeats `action` in four rows, each about twenty times a second, until `during` is over. Rejects where `during` does. */
export async function underLoad(action: () => Promise<void>, during: () => Promise<void>): Promise<LoadReport> {
  const startMs = performance.now();
  const failures: string[] = [];
  let [count, isOver] = [0, false];
  const repeat = async (): Promise<void> => {
    while (!isOver) {
      count++;
      await action().catch((error: unknown) => {
        failures.push(`${Math.round(performance.now() - startMs)} ms: ${tellChain(error)}`);
      });
      await pause(pauseMs);
    }
  };
  const rows = Array.from({ length: workers }, repeat);
  try {
    await during();
  } finally {
    isOver = true;
    await Promise.all(rows);
  }
  return { count, failures };
}

/** An error with what caused it: "fetch failed" alone does not tell a closed port from an unreachable pod. */
function tellChain(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? ` <- ${tellChain(error.cause)}` : "";
  return `${String(error)}${cause}`;
}
