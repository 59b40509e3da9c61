/** For tests: an expectation that comes true in time, also on a machine that is busy with other things. */
import { expect } from "vitest";

/** Like `expect.poll`, with half a minute of patience. */
export function poll<T>(probe: () => T): ReturnType<typeof expect.poll<T>> {
  return expect.poll(probe, { timeout: 30_000 });
}
