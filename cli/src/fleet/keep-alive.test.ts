import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { keepAlive, type KeptProgram, type Ports, type RunState } from "./keep-alive.ts";
import { isProcessAlive } from "./run-folder.ts";

const program = join(import.meta.dirname, "testdata", "program.mjs");
let kept: KeptProgram | undefined;
afterEach(() => kept?.stop());

function keep(behaviour: string, isFinal = false): { states: RunState[]; asked: (Ports | undefined)[] } {
  const states: RunState[] = [];
  const asked: (Ports | undefined)[] = [];
  kept = keepAlive({
    spec: (lastPorts) => {
      asked.push(lastPorts);
      return { start: [process.execPath, program], args: [behaviour], env: process.env, cwd: tmpdir() };
    },
    onState: (state) => states.push(state),
    onLine: () => undefined,
    isFinal: () => isFinal,
    graceMs: 2_000,
  });
  return { states, asked };
}

const words = (states: readonly RunState[]): string[] => states.map((state) => state.is);
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 20 });

describe("keepAlive", () => {
  it("starts a program again after it was killed, and asks for its ports again", async () => {
    const { states, asked } = keep("serve");
    await until(() => expect(words(states)).toEqual(["starting", "listening"]));
    const first = kept?.pid();
    process.kill(first!, "SIGKILL");
    await until(() => expect(words(states).slice(2)).toEqual(["waiting", "starting", "listening"]));
    expect(kept?.pid()).not.toBe(first);
    expect(asked).toEqual([undefined, { dataPort: first }]);
  });

  it("waits longer each time", async () => {
    const { states } = keep("crash");
    await until(() => expect(words(states).filter((word) => word === "waiting")).toHaveLength(3));
    const waits = states.flatMap((state) => (state.is === "waiting" ? [state.retryInMs] : []));
    expect(waits.toSorted((a, b) => a - b)).toEqual(waits);
    expect(waits[2]).toBeGreaterThan(waits[0]! * 2);
  });

  it("gives up where an exit is final", async () => {
    const { states } = keep("crash", true);
    await until(() => expect(words(states)).toEqual(["starting", "given up"]));
    await kept?.stop();
    expect(words(states)).toEqual(["starting", "given up", "stopped"]);
  });

  it("stops for good, whether the program runs or waits", async () => {
    const running = keep("serve");
    await until(() => expect(words(running.states)).toContain("listening"));
    const pid = kept!.pid()!;
    await Promise.all([kept!.stop(), kept!.stop()]);
    expect(isProcessAlive(pid)).toBe(false);
    expect(words(running.states).at(-1)).toBe("stopped");

    const waiting = keep("crash");
    await until(() => expect(words(waiting.states)).toContain("waiting"));
    await kept!.stop();
    const atStop = waiting.states.length;
    expect(words(waiting.states).at(-1)).toBe("stopped");
    await kept!.stop();
    expect(waiting.states.length).toBe(atStop);
  });
});
