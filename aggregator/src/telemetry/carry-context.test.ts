import { expect, it } from "vitest";
import { carryContext } from "./carry-context.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const theirs = { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, tracestate: "vendor=1" };
const headers = { ...theirs, baggage: "user=7", authorization: "Bearer s3cret" };
const context = { traceId, spanId: "b7ad6b7169203331", flags: 1, state: undefined };
const ours = `00-${traceId}-b7ad6b7169203331-01`;

it("hands on its own span in header and message, and what else the message had", () => {
  const carried = carryContext(context, { headers, meta: { ...theirs, "io.example/x": 1 } });
  expect(carried).toEqual({
    headers: { traceparent: ours, baggage: "user=7" },
    meta: { traceparent: ours, "io.example/x": 1 },
  });
  const withState = carryContext({ ...context, state: "vendor=1" }, { headers: {}, meta: {} });
  expect(withState.headers).toEqual({ traceparent: ours, tracestate: "vendor=1" });
  expect(withState.meta).toEqual(withState.headers);
});

it("hands on what came, as it came, where there is no span, and no other header", () => {
  const meta = { traceparent: "made up" };
  expect(carryContext(undefined, { headers, meta })).toEqual({ headers: { ...theirs, baggage: "user=7" }, meta });
});
