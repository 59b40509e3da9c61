import { expect, it } from "vitest";
import { findOrigins, writeContext } from "./spans.ts";

const [traceId, otherId] = ["4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"] as const;
const inMessage = { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, tracestate: "vendor=1" };
const inHeader = { traceparent: `00-${otherId}-b7ad6b7169203331-00` };

it("takes the message's context as parent and links the header's, where that is another", () => {
  expect(findOrigins(inMessage, inHeader)).toEqual({
    parent: { traceId, spanId: "00f067aa0ba902b7", flags: 1, state: "vendor=1" },
    linked: { traceId: otherId, spanId: "b7ad6b7169203331", flags: 0, state: undefined },
  });
  expect(findOrigins(inMessage, { traceparent: inMessage.traceparent }).linked).toBeUndefined();
});

it("takes the header's where the message has none that can be read", () => {
  for (const body of [{}, { traceparent: 7 }, { traceparent: "00-1-2-3" }]) {
    expect(findOrigins(body, inHeader)).toMatchObject({ parent: { traceId: otherId }, linked: undefined });
  }
  expect(findOrigins({}, { traceparent: ["a", "b"] })).toEqual({ parent: undefined, linked: undefined });
});

it("writes a context as it was read, and no state where there is none", () => {
  const { parent } = findOrigins(inMessage, {});
  expect(parent === undefined ? undefined : writeContext(parent)).toEqual(inMessage);
  const { parent: stateless } = findOrigins({}, inHeader);
  expect(stateless === undefined ? undefined : writeContext(stateless)).toEqual(inHeader);
});
