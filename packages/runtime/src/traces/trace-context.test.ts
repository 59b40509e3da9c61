import { expect, it } from "vitest";
import { formatTraceParent, parseTraceParent } from "./trace-context.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";

it("reads a traceparent, and writes what it read", () => {
  const text = `00-${traceId}-${spanId}-01`;
  const read = parseTraceParent(text);
  expect(read).toEqual({ traceId, spanId, flags: 1 });
  expect(read === undefined ? "" : formatTraceParent(read)).toBe(text);
});

it("reads a later version that says more", () => {
  expect(parseTraceParent(`01-${traceId}-${spanId}-00-what-comes`)).toEqual({ traceId, spanId, flags: 0 });
});

it.each([
  undefined,
  "",
  "00-1",
  `ff-${traceId}-${spanId}-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${"0".repeat(32)}-${spanId}-01`,
  `00-${traceId}-${"0".repeat(16)}-01`,
  `00-${traceId}-${spanId}-01-more`,
  ` 00-${traceId}-${spanId}-01`,
])("takes %j for none", (text) => {
  expect(parseTraceParent(text)).toBeUndefined();
});
