import { expect, it } from "vitest";
import { longestReadingMs, nextPhase } from "./phase.ts";

const facts = { isHeard: false, isSettled: false, readingMs: 0 };

it("has read nothing while no source has answered, however long that takes", () => {
  expect(nextPhase("unread", facts)).toBe("unread");
  expect(nextPhase("unread", { ...facts, isSettled: true, readingMs: 10 * longestReadingMs })).toBe("unread");
});

it("reads until all is settled, or one server or source has held it up for long", () => {
  expect(nextPhase("unread", { ...facts, isHeard: true })).toBe("reading");
  expect(nextPhase("reading", { ...facts, isHeard: true, readingMs: longestReadingMs })).toBe("reading");
  expect(nextPhase("reading", { ...facts, isHeard: true, isSettled: true })).toBe("read");
  expect(nextPhase("reading", { ...facts, isHeard: true, readingMs: longestReadingMs + 1 })).toBe("read");
});

it("never goes back", () => {
  expect(nextPhase("read", facts)).toBe("read");
});
