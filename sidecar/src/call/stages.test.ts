import fc from "fast-check";
import { compilePolicy, openDocument } from "@outrigger/policy";
import { describe, expect, it } from "vitest";
import { createByteBudget } from "./budget.ts";
import { createDeadlines } from "./deadlines.ts";
import { createEventMeter } from "./event-meter.ts";
import { createAnswerFilter, joinBatch, keyOfId } from "./filter.ts";
import { buildAnswerHeaders, buildForwardHeaders } from "./forward.ts";
import { identifyCaller, refuseArrival } from "./identify.ts";

describe("who may come in", () => {
  const rules = { hosts: new Set(["files", "files.tools.svc"]) };
  const arrive = (host: string | undefined, origin?: string, localAddress = "10.0.0.5") =>
    refuseArrival({ host, origin, localAddress }, rules);

  it.each(["localhost:8080", "127.0.0.1", "[::1]:80", "files", "FILES.tools.svc:19080", "10.0.0.5:19080"])(
    "Host %s",
    (host) => {
      expect(arrive(host)).toBeUndefined();
    },
  );

  it.each(["evil.example", "10.0.0.6", "", undefined, "localhost@evil", "localhost:80:80", "files.evil"])(
    "not Host %s",
    (host) => {
      expect(arrive(host)).toBe("HostNotAllowed");
    },
  );

  it("an Origin must name the same hosts; none is fine", () => {
    expect(arrive("localhost", "http://localhost:3000")).toBeUndefined();
    for (const origin of ["http://evil.example", "null", "localhost", "file://"])
      expect(arrive("localhost", origin)).toBe("OriginNotAllowed");
  });

  it("an own address counts also where it comes as IPv4 in IPv6", () => {
    expect(arrive("10.0.0.5", undefined, "::ffff:10.0.0.5")).toBeUndefined();
    expect(arrive("[fd00::5]:1", undefined, "fd00::5")).toBeUndefined();
  });

  it("callers are told apart by address", () => {
    expect(identifyCaller("::ffff:10.1.1.1")).toBe("address:10.1.1.1");
    expect(identifyCaller(undefined)).toBe("address:unknown");
  });
});

describe("headers", () => {
  it("for the server keep order and repetition, and replace what is configured", () => {
    const arrived = [
      "Host",
      "x",
      "Accept",
      "a/b",
      "X-A",
      "1",
      "X-A",
      "2",
      "Connection",
      "close, x-b",
      "X-B",
      "3",
      "Content-Length",
      "5",
      "Authorization",
      "old",
    ];
    expect(buildForwardHeaders(arrived, { host: "127.0.0.1:1", extra: ["Authorization", "new"] })).toEqual([
      ...["host", "127.0.0.1:1", "accept-encoding", "identity"],
      ...["accept", "a/b", "x-a", "1", "x-a", "2", "Authorization", "new"],
    ]);
  });

  it("for the client are the server's own, without those of its connection", () => {
    const answered = [
      "Content-Type",
      "a/b",
      "Transfer-Encoding",
      "chunked",
      "Keep-Alive",
      "5",
      "Set-Cookie",
      "a",
      "Set-Cookie",
      "b",
      "Content-Length",
      "3",
    ];
    expect(buildAnswerHeaders(answered, { withoutLength: true })).toEqual([
      "Content-Type",
      "a/b",
      "Set-Cookie",
      "a",
      "Set-Cookie",
      "b",
    ]);
    expect(buildAnswerHeaders(answered, { withoutLength: false })).toContain("Content-Length");
  });
});

describe("event meter", () => {
  it("never says less than the largest event, and never more than it by a chunk and an empty line", () => {
    const event = fc.integer({ min: 1, max: 40 }).map((length) => `data: ${"x".repeat(length)}\n\n`);
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 10 }), fc.integer({ min: 1, max: 30 }), (events, size) => {
        const stream = Buffer.from(events.join(""));
        const meter = createEventMeter();
        let largest = 0;
        for (let at = 0; at < stream.length; at += size)
          largest = Math.max(largest, meter.add(stream.subarray(at, at + size)));
        const longest = Math.max(...events.map((each) => each.length));
        expect(largest).toBeGreaterThanOrEqual(Math.min(longest, stream.length) - 2);
        if (size === 1) expect(largest).toBeLessThanOrEqual(longest + 2);
      }),
    );
  });

  it("starts anew at each empty line, whichever line end makes it", () => {
    for (const end of ["\n\n", "\r\n\r\n", "\r\r"]) {
      const meter = createEventMeter();
      for (let count = 0; count < 100; count++) expect(meter.add(Buffer.from(`data: 1234${end}`))).toBeLessThan(40);
    }
  });
});

describe("answer filter", () => {
  const policy = compilePolicy([{ ...openDocument, tools: { deny: ["hidden"] } }]);
  const list = (id: unknown): Buffer =>
    Buffer.from(JSON.stringify({ jsonrpc: "2.0", id, result: { tools: [{ name: "hidden" }, { name: "shown" }] } }));

  it("filters the answer to a list request and nothing else", () => {
    const filter = createAnswerFilter(() => policy, { lists: new Map([[keyOfId(1), "tools"]]), byShape: false });
    expect(filter(list(1))?.toString()).not.toContain("hidden");
    expect(filter(list("1"))?.toString()).toContain("hidden");
    const notification = Buffer.from('{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"hidden"}}');
    expect(filter(notification)).toBe(notification);
  });

  it("filters each answer of a batch", () => {
    const filter = createAnswerFilter(() => policy, { lists: new Map([[keyOfId(1), "tools"]]), byShape: false });
    const batch = joinBatch([list(1), list(2)]);
    const shown = JSON.parse(String(batch === undefined ? "" : filter(batch))) as { result: { tools: unknown[] } }[];
    expect(shown.map(({ result }) => result.tools.length)).toEqual([1, 2]);
  });

  it("lets nothing through that it can't read", () => {
    const filter = createAnswerFilter(() => policy, { lists: new Map([[keyOfId(1), "tools"]]), byShape: false });
    expect(filter(Buffer.from('{"jsonrpc":"2.0","id":1,"result":{"tools":['))).toBeUndefined();
    expect(filter(Buffer.from("[1]"))).toBeUndefined();
  });
});

describe("bounds", () => {
  it("the budget is shared and comes back", () => {
    const budget = createByteBudget(100);
    const [one, two] = [budget.open(), budget.open()];
    expect([one.grow(60), two.grow(60), two.grow(40)]).toEqual([true, false, true]);
    one.free();
    expect([budget.held(), two.grow(60)]).toEqual([40, true]);
  });

  it("a deadline passes once, unless it is touched or cleared", async () => {
    let nowMs = 0;
    const deadlines = createDeadlines(() => nowMs, 1);
    const passed: string[] = [];
    const touched = deadlines.start(10, () => void passed.push("touched"));
    deadlines.start(10, () => void passed.push("first"));
    deadlines.start(10, () => void passed.push("cleared")).clear();
    nowMs = 8;
    touched.touch();
    nowMs = 12;
    await expect.poll(() => passed).toEqual(["first"]);
    nowMs = 30;
    await expect.poll(() => passed).toEqual(["first", "touched"]);
    deadlines.close();
  });
});
