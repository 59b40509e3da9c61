import type { SidecarView } from "../../../catalog/view.ts";
import { expect, it } from "vitest";
import { mayHold } from "./may-hold.ts";

/** Of a view only these members are read. */
const view = (
  era: "legacy" | "modern",
  questions: "Refuse" | "Hold" | undefined,
): Pick<SidecarView, "sidecar" | "feed"> =>
  ({
    sidecar: { key: "k", createdAt: "2026-01-01T00:00:00Z", routing: questions === undefined ? {} : { questions } },
    feed: { era },
  }) as unknown as Pick<SidecarView, "sidecar" | "feed">;

const able = { capabilities: { elicitation: {} } };

it("F-074 holds calls of legacy servers whose owner says so, for callers that can be asked, and no others", () => {
  expect(mayHold([view("legacy", "Hold")], able)).toBe(true);
  expect(mayHold([view("legacy", "Hold")], { capabilities: { extensions: {} } })).toBe(false);
  expect(mayHold([view("legacy", "Refuse")], able)).toBe(false);
  expect(mayHold([view("legacy", undefined)], able)).toBe(false);
  expect(mayHold([view("modern", "Hold")], able)).toBe(false);
  expect(mayHold([], able)).toBe(false);
});
