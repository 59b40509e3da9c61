import { afterEach, expect, it, vi } from "vitest";
import { startDuty, type Duty, type DutyResult } from "./duty.ts";

const duties: Duty[] = [];
afterEach(async () => {
  for (const duty of duties.splice(0)) await duty.stop();
});

function start(run: (turn: number, signal: AbortSignal) => Promise<DutyResult>, everyMs = 60_000) {
  let turns = 0;
  const results: number[] = [];
  const errors: unknown[] = [];
  const duty = startDuty({
    name: "trial",
    run: (signal) => run(++turns, signal),
    onResult: (_, { problems }) => results.push(problems.length),
    onError: (_, error) => errors.push(error),
    random: () => 0.5,
    everyMs,
    settleMs: 1,
    backoff: { firstMs: 5, longestMs: 20 },
  });
  duties.push(duty);
  return { duty, results, errors, turns: () => turns };
}

const fine = Promise.resolve({ problems: [] });

it("runs at once, and again when something changed, gathering what comes together", async () => {
  const { duty, turns } = start(() => fine);
  await vi.waitFor(() => expect(turns()).toBe(1));
  for (let count = 0; count < 20; count++) duty.trigger();
  await vi.waitFor(() => expect(turns()).toBeGreaterThan(1));
  expect(turns()).toBeLessThanOrEqual(3);
});

it("never runs twice at once, and does not lose a change that comes during a run", async () => {
  let running = 0;
  let most = 0;
  let release: () => void = () => undefined;
  const { duty, turns } = start(async () => {
    most = Math.max(most, ++running);
    await new Promise<void>((resolve) => (release = resolve));
    running--;
    return { problems: [] };
  });
  await vi.waitFor(() => expect(turns()).toBe(1));
  duty.trigger();
  release();
  await vi.waitFor(() => expect(turns()).toBe(2));
  release();
  await duty.stop();
  expect(most).toBe(1);
});

it("runs again soon after a failure and after a bug, and as soon as a run asks for", async () => {
  const { results, errors, turns } = start((turn) => {
    if (turn === 1) return Promise.reject(new Error("a bug"));
    if (turn === 2) return Promise.resolve({ problems: ["no"] });
    return turn === 3 ? Promise.resolve({ problems: [], nextMs: 1 }) : fine;
  });
  await vi.waitFor(() => expect(turns()).toBe(4), 20_000);
  expect([results, errors.length]).toEqual([[1, 0, 0], 1]);
});

it("runs from time to time although nothing changed", async () => {
  const { turns } = start(() => fine, 5);
  await vi.waitFor(() => expect(turns()).toBeGreaterThan(3));
});

it("stops in the middle of a run and reports nothing afterwards", async () => {
  const { duty, results, turns } = start(
    (_, signal) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve({ problems: ["cut short"] }))),
  );
  await vi.waitFor(() => expect(turns()).toBe(1));
  await duty.stop();
  duty.trigger();
  expect([results, turns()]).toEqual([[], 1]);
});
