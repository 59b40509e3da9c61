import { createParser, type EventSourceMessage } from "eventsource-parser";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeEvent, replaceData, type SseEvent } from "./event.ts";
import { createEventSplitter } from "./split.ts";

const bounds = { maxEventBytes: 1_000_000 };

function splitAt(stream: Buffer, cuts: readonly number[]): SseEvent[] {
  const splitter = createEventSplitter(bounds);
  const marks = [0, ...[...cuts].sort((a, b) => a - b), stream.length];
  return marks.slice(1).flatMap((end, at) => splitter.push(stream.subarray(marks[at] ?? 0, end)).events);
}

const lineEnd = fc.constantFrom("\n", "\r\n", "\r");
const field = fc.oneof(
  fc.constantFrom(
    "data: a",
    "data:b",
    "data",
    'data: {"x":1}',
    ": comment",
    ":",
    "id: 7",
    "id",
    "event: message",
    "retry: 10",
    "retry: x",
    "other: y",
    "data: é\u2028",
  ),
  fc.string({ unit: fc.constantFrom("a", ":", " ", "d"), minLength: 1, maxLength: 6 }),
);
const stream = fc
  .array(fc.tuple(field, lineEnd, fc.boolean(), lineEnd), { maxLength: 12 })
  .map((lines) =>
    Buffer.from(lines.map(([text, end, isLast, second]) => text + end + (isLast ? second : "")).join("") + "\n\n"),
  );

function parseByOracle(text: string): EventSourceMessage[] {
  const events: EventSourceMessage[] = [];
  createParser({ onEvent: (event) => void events.push(event) }).feed(text);
  return events;
}

describe("event splitter", () => {
  it("gives the same events for every way to cut the stream, and their bytes are the stream", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(200), { maxLength: 8 }), (bytes, cuts) => {
        const whole = splitAt(bytes, []);
        const pieces = splitAt(
          bytes,
          cuts.map((cut) => cut % (bytes.length + 1)),
        );
        const single = splitAt(bytes, [...bytes.keys()]);
        expect(pieces).toEqual(whole);
        expect(single).toEqual(whole);
        expect(
          Buffer.concat(whole.map(({ raw }) => raw)).equals(
            bytes.subarray(0, Buffer.concat(whole.map(({ raw }) => raw)).length),
          ),
        ).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it("reads data, event and id as a published parser does", () => {
    fc.assert(
      fc.property(stream, (bytes) => {
        const ours = splitAt(bytes, [])
          .filter((event) => event.data !== undefined)
          .map((event) => ({ data: event.data, event: event.event === "" ? undefined : event.event }));
        const theirs = parseByOracle(bytes.toString()).map(({ data, event }) => ({
          data,
          event: event === "" ? undefined : event,
        }));
        expect(ours).toEqual(theirs);
      }),
      { numRuns: 2_000 },
    );
  });

  it("skips a byte order mark at the start of the stream", () => {
    expect(splitAt(Buffer.from("\ufeffdata: x\n\n"), [])[0]?.data).toBe("x");
  });

  it("takes no more when an event grows beyond its bound, and keeps no more than that", () => {
    const splitter = createEventSplitter({ maxEventBytes: 100 });
    expect(splitter.push(Buffer.from("data: ok\n\n"))).toMatchObject({ overflow: false, events: [{ data: "ok" }] });
    expect(splitter.push(Buffer.alloc(200, "x")).overflow).toBe(true);
    expect(splitter.push(Buffer.from("\n\ndata: late\n\n")).events).toEqual([]);
    expect(splitter.bufferedBytes()).toBeLessThanOrEqual(200);
  });

  it("finds the end of large events without searching them again for every piece", () => {
    const piece = Buffer.alloc(1_000, "x");
    const splitter = createEventSplitter({ maxEventBytes: 10_000_000 });
    splitter.push(Buffer.from("data: "));
    for (let count = 0; count < 2_000; count++) splitter.push(piece);
    expect(splitter.push(Buffer.from("\n\n")).events[0]?.data).toHaveLength(2_000_000);
  });
});

describe("writing events", () => {
  it("what is written is read again", () => {
    fc.assert(
      fc.property(fc.string(), fc.option(fc.constantFrom("1", "a b"), { nil: undefined }), (data, id) => {
        const bytes = encodeEvent(id === undefined ? { data, event: "message" } : { data, event: "message", id });
        const [event] = splitAt(bytes, []);
        expect(event?.data).toBe(data.replace(/\r\n|\r/g, "\n"));
        expect(event?.id).toBe(id);
      }),
    );
  });

  it("replacing data keeps id, retry, event and comments where they are", () => {
    const [event] = splitAt(Buffer.from(": c\nid: 7\ndata: old\r\ndata: lines\nretry: 5\nevent: message\n\n"), []);
    expect(event === undefined ? "" : replaceData(event, '{"a":1}').toString()).toBe(
      ': c\nid: 7\ndata: {"a":1}\nretry: 5\nevent: message\n\n',
    );
  });
});
