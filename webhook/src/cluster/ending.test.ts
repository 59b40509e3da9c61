/** When a certificate that nobody renews is told of. */
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { createAuthority, issueLeaf, type KeyedCertificate } from "@outrigger/certs";
import { watchEnding } from "./ending.ts";

const dayMs = 86_400_000;
const startMs = Date.parse("2026-11-22T10:00:00Z");
let served: KeyedCertificate;
let renewed: KeyedCertificate;
beforeAll(async () => {
  const authority = await createAuthority({
    commonName: "Test CA",
    nowMs: startMs,
    lifetimeMs: 30 * dayMs,
    keyBits: 2048,
  });
  const issue = (nowMs: number): Promise<KeyedCertificate> =>
    issueLeaf(authority, { names: ["localhost"], nowMs, lifetimeMs: 7 * dayMs });
  [served, renewed] = await Promise.all([issue(startMs), issue(startMs + 6.5 * dayMs)]);
});
beforeEach(() => void vi.useFakeTimers({ now: startMs }));
afterEach(() => void vi.useRealTimers());

it("says nothing as long as there is time to renew, and then once an hour until it is renewed", () => {
  let current = served;
  const told: string[] = [];
  const close = watchEnding({
    current: () => current,
    checkMs: 60_000,
    nowMs: () => Date.now(),
    onLate: (note) => told.push(note),
  });
  vi.advanceTimersByTime(5.9 * dayMs);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(0.2 * dayMs);
  expect(told.length).toBeGreaterThanOrEqual(3);
  expect(told.length).toBeLessThanOrEqual(5);
  expect(told[0]).toMatch(
    /^The webhook's certificate ends at 2026-11-29T10:00Z and was not renewed: SHA-256 [0-9A-F:]{17}\.$/,
  );
  vi.setSystemTime(startMs + 6.6 * dayMs);
  current = renewed;
  const count = told.length;
  vi.advanceTimersByTime(dayMs);
  close();
  expect(told).toHaveLength(count);
});

it("looks at once, and no more when it is closed", () => {
  vi.setSystemTime(startMs + 6.5 * dayMs);
  const told: string[] = [];
  const close = watchEnding({
    current: () => served,
    checkMs: 1_000,
    nowMs: () => Date.now(),
    onLate: (note) => told.push(note),
  });
  expect(told).toHaveLength(1);
  close();
  vi.advanceTimersByTime(7_200_000);
  expect(told).toHaveLength(1);
});
