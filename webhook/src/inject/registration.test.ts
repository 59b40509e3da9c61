/** Why an entry of the webhook configuration does not select a pod. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entries, listFailedTerms, selectEntry } from "./registration.ts";

const labels = fc.record(
  {
    "outrigger.dev/inject": fc.constantFrom("enabled", "disabled", "true"),
    "outrigger.dev/enforce": fc.constantFrom("required", "no"),
  },
  { requiredKeys: [] },
);

describe("terms that fail", () => {
  it("are none for the entry that is called, and at least one for every other", () => {
    fc.assert(
      fc.property(labels, labels, (pod, namespace) => {
        const chosen = selectEntry(pod, namespace);
        for (const entry of entries)
          expect(listFailedTerms(entry, pod, namespace).length === 0, entry.name).toBe(entry === chosen);
      }),
    );
  });

  it("say whose label it is and what stands there", () => {
    const [perPod] = entries;
    expect(perPod && listFailedTerms(perPod, {}, { "outrigger.dev/inject": "enabled" })).toEqual([
      { on: "namespace", term: expect.objectContaining({ operator: "NotIn" }) as object, value: "enabled" },
      { on: "pod", term: { key: "outrigger.dev/inject", operator: "Exists" }, value: undefined },
    ]);
  });
});
