import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dropData, encodeEvent, replaceData, type SseEvent } from "./event.ts";
import { createEventSplitter } from "./split.ts";

function eventOf(bytes: Buffer): SseEvent {
  const [event] = createEventSplitter({ maxEventBytes: 100_000 }).push(bytes).events;
  if (event === undefined) throw new Error("the test's own event is not whole");
  return event;
}

const lineEnd = fc.constantFrom("\n", "\r\n", "\r");
const otherLine = fc.constantFrom(
  ": note",
  ":",
  "id: 7",
  "id:",
  "event: message",
  "retry: 250",
  "x",
  "datax: 1",
  " data: 1",
);
const dataLine = fc.constantFrom("data", "data:", "data: hidden-tool", "data:hidden-tool");
const lines = fc.array(fc.tuple(fc.oneof(otherLine, dataLine), lineEnd), { minLength: 1, maxLength: 6 });

describe("replacing the data of an event", () => {
  it("reads back as the new data with everything else as before, whatever the lines and their ends", () => {
    fc.assert(
      fc.property(fc.boolean(), lines, fc.string(), (hasMark, parts, data) => {
        const text = parts.map(([line, end]) => line + end).join("");
        // LF ends the event unambiguously: a CR before it would only become a CRLF.
        const before = eventOf(Buffer.from(`${hasMark ? "\ufeff" : ""}${text}\n\n`));
        if (before.data === undefined) return;
        const bytes = replaceData(before, data);
        const after = eventOf(bytes);
        expect(after).toMatchObject({ ...before, raw: after.raw, data: data.replaceAll(/\r\n|\r/g, "\n") });
        const others = (raw: Buffer) =>
          raw
            .toString()
            .replace(/^\ufeff/, "")
            .split(/\r\n|\n|\r/)
            .filter((line) => line !== "" && line !== "data" && !line.startsWith("data:"));
        expect(others(bytes)).toEqual(others(before.raw));
      }),
      { numRuns: 3_000, seed: 4 },
    );
  });

  it("leaves nothing of the old data behind a byte order mark", () => {
    const event = eventOf(Buffer.from('\ufeffdata: {"tools":["hidden"]}\nid: 1\n\n'));
    expect(event.data).toBe('{"tools":["hidden"]}');
    expect(replaceData(event, "{}").toString()).toBe("\ufeffdata: {}\nid: 1\n\n");
  });

  it("keeps line ends and bytes that are no valid text", () => {
    const raw = Buffer.concat([
      Buffer.from(": "),
      Buffer.from([0xff, 0xc0]),
      Buffer.from("\r\ndata: a\r\ndata: b\r\nid: 1\r\n\r\n"),
    ]);
    const expected = Buffer.concat([
      Buffer.from(": "),
      Buffer.from([0xff, 0xc0]),
      Buffer.from("\r\ndata: é\r\nid: 1\r\n\r\n"),
    ]);
    expect(replaceData(eventOf(raw), "é").equals(expected)).toBe(true);
  });
});

describe("fields of an event", () => {
  it("ignores an id that holds NUL and a retry that is no number, and takes the last of several", () => {
    const text = "id: 1\nid: a\0b\nretry: 5\nretry: 1.5\nretry: -1\nevent: a\nevent: b\nID: 9\ndata: x\n\n";
    expect(eventOf(Buffer.from(text))).toMatchObject({ id: "1", retry: 5, event: "b", data: "x", comment: false });
  });

  it("tells a comment from an empty priming event and from an event without data", () => {
    expect(eventOf(Buffer.from(": ping\n\n"))).toMatchObject({ comment: true });
    expect(eventOf(Buffer.from("id: 3\ndata:\n\n"))).toMatchObject({ comment: false, id: "3", data: "" });
    expect(eventOf(Buffer.from(": c\nid\n\n"))).toMatchObject({ comment: false, id: "" });
    expect(eventOf(Buffer.from("id: 3\n\n")).data).toBeUndefined();
  });
});

describe("the end of a stream", () => {
  const endOf = (text: string) => {
    const splitter = createEventSplitter({ maxEventBytes: 20 });
    splitter.push(Buffer.from(text));
    return splitter.end();
  };

  it("gives the last event of a stream whose lines end with CR alone", () => {
    const splitter = createEventSplitter({ maxEventBytes: 100 });
    expect(splitter.push(Buffer.from("data: a\r\rdata: b\r\r")).events.map(({ data }) => data)).toEqual(["a"]);
    expect(splitter.end()).toMatchObject({ data: "b" });
    expect(endOf("data: a\n\r")).toMatchObject({ data: "a" });
  });

  it("gives nothing for half an event, or after an overflow", () => {
    for (const text of [
      "",
      "data: a",
      "data: a\n",
      "data: a\r",
      "data: a\r\n",
      "data: a\n\n",
      `data: ${"x".repeat(30)}\r\r`,
    ]) {
      expect(endOf(text), JSON.stringify(text)).toBeUndefined();
    }
  });
});

describe("writing events", () => {
  it("puts name, id and retry before the data", () => {
    expect(encodeEvent({ event: "message", id: "3", retry: 10, data: "a\r\nb" }).toString()).toBe(
      "event: message\nid: 3\nretry: 10\ndata: a\ndata: b\n\n",
    );
  });
});

describe("taking away what an event says", () => {
  it("keeps id, retry and comments, and nothing that a reader would act on", () => {
    const event = eventOf(Buffer.from("\ufeffdata: hidden\nid: 7\r\n: note\nevent: message\nretry: 5\rdata\n\n"));
    const rest = dropData(event);
    expect(rest.toString()).toBe("id: 7\r\n: note\nretry: 5\r\n\n");
    expect(eventOf(rest)).toMatchObject({ id: "7", retry: 5 });
    expect(eventOf(rest).data).toBeUndefined();
  });

  it("leaves nothing of an event that said nothing else", () => {
    expect(dropData(eventOf(Buffer.from("event: message\r\ndata: x\r\n\r\n")))).toHaveLength(0);
  });
});
