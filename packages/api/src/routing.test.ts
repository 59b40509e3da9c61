import fc from "fast-check";
import { expect, it } from "vitest";
import { keys } from "./keys.ts";
import { defaultRouting, readRoutingAnnotations, readRoutingBlock } from "./routing.ts";
import { parseServerFile } from "./server-file.ts";

const annotate = (values: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`outrigger.dev/${name}`, value]));

it("reads annotations, and takes what is not right as absent", () => {
  expect(
    readRoutingAnnotations(annotate({ strategy: "Weighted", weight: "30", affinity: "caller", priority: "-1" })),
  ).toEqual({ strategy: "Weighted", weight: 30 });
  expect(readRoutingAnnotations({})).toEqual({});
});

it("has the defaults that the table of keys tells people", () => {
  const told = Object.keys(defaultRouting).map((name) => {
    const { parse, default: text } = keys[name as keyof typeof defaultRouting];
    return [name, parse(text).ok ? (parse(text) as { value: unknown }).value : undefined];
  });
  expect(Object.fromEntries(told)).toEqual(defaultRouting);
});

it("reads in a server file what it reads on a pod", () => {
  const words = fc.record(
    {
      strategy: fc.constantFrom("RoundRobin", "Random", "Failover", "Nonsense"),
      affinity: fc.constantFrom("None", "Caller", "x"),
      weight: fc.integer({ min: -5, max: 120 }),
      priority: fc.integer({ min: -5, max: 120 }),
      retry: fc.constantFrom("Unsent", "ReadOnly", "Idempotent", ""),
      questions: fc.constantFrom("Refuse", "Hold", "hold"),
      hedge: fc.constantFrom("Off", "300ms", "10ms", "1m", "9ms", "61s", "off", "1", 300),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(words, (block) => {
      const texts = Object.fromEntries(Object.entries(block).map(([name, value]) => [name, String(value)]));
      expect(readRoutingBlock(block, () => undefined)).toEqual(readRoutingAnnotations(annotate(texts)));
    }),
  );
});

it("reads after how long a call goes out twice, within bounds, and never by itself", () => {
  expect(readRoutingAnnotations(annotate({ hedge: "300ms" }))).toEqual({ hedge: 300 });
  for (const wrong of ["9ms", "61s", "300", "0s", "off", ""]) {
    expect(readRoutingAnnotations(annotate({ hedge: wrong }))).toEqual({});
  }
  expect(defaultRouting.hedge).toBe(0);
});

it("says where a server file is wrong, and what would be right", () => {
  const read = parseServerFile({
    mcpServers: {
      a: { url: "http://127.0.0.1:1/mcp", outrigger: { routing: { strategy: "round-robin", weight: 0, wait: 1 } } },
      b: { url: "http://127.0.0.1:1/mcp", outrigger: { routing: [] } },
    },
  });
  const told = read.ok ? [] : read.problems.map(({ path, expected }) => `${path.slice(1).join(".")}: ${expected}`);
  expect(told).toEqual([
    "a.outrigger.routing.wait: no such key; known are strategy, affinity, weight, priority, retry, questions, hedge",
    'a.outrigger.routing.strategy: one of "RoundRobin", "LeastConnections", "Random", "Weighted", "Failover"',
    "a.outrigger.routing.weight: a whole number from 1 to 100",
    "b.outrigger.routing: an object with strategy, affinity, weight, priority, retry, questions, hedge",
  ]);
});
