/** What annotations of pod and namespace say together: it never allows more than either of them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRate } from "@outrigger/api/values";
import { readAnnotations } from "./annotations.ts";
import { readQuickPolicy, type QuickPolicy } from "./quick-policy.ts";

const read = (pod: object, namespace: object): QuickPolicy => {
  const prefixed = (values: object): Record<string, unknown> =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [`outrigger.dev/${key}`, value as unknown]));
  return readQuickPolicy(readAnnotations({ pod: prefixed(pod), namespace: prefixed(namespace), defaults: {} }));
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

describe("quick policy", () => {
  it("keeps allow lists apart, joins deny lists and takes the smaller of each limit", () => {
    const pod = {
      "allow-tools": "a*,b",
      "deny-tools": "x",
      "rate-limit": "60/s",
      "max-concurrency": "8",
      "max-response-bytes": "1Mi",
    };
    const namespace = {
      "allow-tools": "b",
      "deny-tools": "y,x",
      "rate-limit": "90/m",
      "max-concurrency": "64",
      "max-response-bytes": "1Ki",
    };
    const expected = {
      allowTools: [["a*", "b"], ["b"]],
      denyTools: ["x", "y"],
      rateLimit: "90/m",
      maxConcurrency: 8,
      maxResponseBytes: 1024,
    };
    expect(read(pod, namespace)).toEqual(expected);
  });

  it("takes the smaller burst of two equal rates", () => {
    expect(read({ "rate-limit": "60/m" }, { "rate-limit": "1/s" }).rateLimit).toBe("1/s");
    expect(read({ "rate-limit": "1/s" }, { "rate-limit": "3600/h" }).rateLimit).toBe("1/s");
  });

  it("says nothing where nothing is said", () => {
    expect(read({}, {})).toEqual({});
  });

  it("narrows whatever each of the two says alone", () => {
    fc.assert(
      fc.property(annotations, annotations, (pod, namespace) => {
        const both = read(pod, namespace);
        for (const one of [read(pod, {}), read({}, namespace)]) expectNarrower(both, one);
      }),
    );
  });

  it("stays the same once the namespace's values were copied to the pod", () => {
    fc.assert(
      fc.property(annotations, annotations, (pod, namespace) => {
        expect(read({ ...namespace, ...pod }, namespace)).toEqual(read(pod, namespace));
      }),
    );
  });
});

function expectNarrower(both: QuickPolicy, one: QuickPolicy): void {
  const perMs = ({ rateLimit }: QuickPolicy): number => {
    const rate = parseRate(rateLimit ?? "");
    return rate.ok ? rate.value.count / rate.value.periodMs : Number.POSITIVE_INFINITY;
  };
  expect(both.allowTools ?? []).toEqual(expect.arrayContaining([...(one.allowTools ?? [])]));
  expect(both.denyTools ?? []).toEqual(expect.arrayContaining([...(one.denyTools ?? [])]));
  expect(perMs(both)).toBeLessThanOrEqual(perMs(one));
  expect(both.maxConcurrency ?? Infinity).toBeLessThanOrEqual(one.maxConcurrency ?? Infinity);
  expect(both.maxResponseBytes ?? Infinity).toBeLessThanOrEqual(one.maxResponseBytes ?? Infinity);
}
