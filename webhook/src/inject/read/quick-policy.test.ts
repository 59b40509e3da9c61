/** The floor that a namespace sets: what its annotations say, and nothing of the pod's. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readAnnotations } from "./annotations.ts";
import { readFloor, type QuickPolicy } from "./quick-policy.ts";

const read = (pod: object, namespace: object): QuickPolicy => {
  const prefixed = (values: object): Record<string, unknown> =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [`outrigger.dev/${key}`, value as unknown]));
  return readFloor(readAnnotations({ pod: prefixed(pod), namespace: prefixed(namespace), defaults: {} }));
};

const annotations = fc.record(
  {
    "allow-tools": fc.constantFrom("a*", "b,c", "a*,b"),
    "deny-tools": fc.constantFrom("x", "y,z", "x,y"),
    "rate-limit": fc.constantFrom("1/s", "60/m", "59/m", "3600/h", "2/s"),
    "max-concurrency": fc.constantFrom("1", "8", "64"),
    "max-response-bytes": fc.constantFrom("1Ki", "1024", "1Mi"),
  },
  { requiredKeys: [] },
);

describe("quick policy of a namespace", () => {
  it("says what the annotations say, in the sidecar's form", () => {
    const namespace = {
      "allow-tools": "a*, b",
      "deny-tools": "y,x",
      "rate-limit": "90/m",
      "max-concurrency": "64",
      "max-response-bytes": "1Ki",
    };
    const expected = {
      allowTools: [["a*", "b"]],
      denyTools: ["y", "x"],
      rateLimit: "90/m",
      maxConcurrency: 64,
      maxResponseBytes: 1024,
    };
    expect(read({}, namespace)).toEqual(expected);
  });

  it("says nothing where nothing is said", () => {
    expect(read({}, {})).toEqual({});
  });

  it("takes nothing from the pod, whose own annotations are read while it runs", () => {
    fc.assert(
      fc.property(annotations, annotations, (pod, namespace) => {
        expect(read(pod, namespace)).toEqual(read({}, namespace));
      }),
    );
  });
});
