/** Whose session is whose, and how many may be open: before a server that answers as the test says. */
import { describe, expect, it } from "vitest";
import type { Upstream, UpstreamRequest } from "../upstream/upstream.ts";
import { createSessionOwners } from "./session-owners.ts";

/** What came back: the status, or why no answer came. */
type Came = number | string;

function setUp(maxSessions = 3) {
  const clock = { nowMs: 0 };
  const arrived: UpstreamRequest[] = [];
  const answer = { status: 200, opens: "" };
  const upstream: Upstream = {
    send: (request, sink) => {
      arrived.push(request);
      const isOpening = request.message?.method === "initialize";
      sink.onHead(answer.status, isOpening && answer.opens !== "" ? ["Mcp-Session-Id", answer.opens] : []);
      sink.onEnd();
      return { resume: () => undefined, abort: () => undefined };
    },
    close: () => Promise.resolve(),
  };
  const owners = createSessionOwners({ server: "s", maxSessions, idleMs: 1_000, now: () => clock.nowMs });
  const watched = owners.watch(upstream);
  const send = (request: Partial<UpstreamRequest>): Promise<Came> =>
    new Promise((resolve) => {
      const whole = { method: "POST", path: "/mcp", headers: [], caller: "User:ada", ...request } as const;
      let status = 0;
      watched.send(whole, {
        onHead: (given) => void (status = given),
        onData: () => true,
        onEnd: () => resolve(status),
        onFailure: ({ reason, message }) => resolve(`${reason}: ${message}`),
      });
    });
  const open = (id: string, caller = "User:ada"): Promise<Came> => {
    answer.opens = id;
    return send({ caller, message: { type: "request", method: "initialize" } });
  };
  return { clock, arrived, answer, owners, send, open };
}

describe("a session of a server over HTTP", () => {
  it.each([["User:bob"], ["address:10.0.0.1"]])(
    "does not exist for %s where another caller opened it",
    async (other) => {
      const { arrived, owners, send, open } = setUp();
      await open("one");
      for (const method of ["POST", "GET", "DELETE"] as const)
        expect(await send({ method, sessionId: "one", caller: other })).toBe(404);
      expect(arrived).toHaveLength(1);
      expect(owners.refused().get("foreign")).toBe(3);
      expect(await send({ sessionId: "one" })).toBe(200);
    },
  );

  it("of a caller that nobody vouches for is open to others of that kind, whatever their address, and to nobody else", async () => {
    const { send, open } = setUp();
    await open("one", "address:10.0.0.1");
    expect(await send({ sessionId: "one", caller: "address:10.0.0.2" })).toBe(200);
    expect(await send({ sessionId: "one", caller: "User:bob" })).toBe(404);
  });

  it("that was opened before belongs to who uses it first, once the server has taken it", async () => {
    const { answer, send } = setUp();
    answer.status = 404;
    expect(await send({ sessionId: "old", caller: "User:bob" })).toBe(404);
    answer.status = 200;
    expect(await send({ sessionId: "old" })).toBe(200);
    expect(await send({ sessionId: "old", caller: "User:bob" })).toBe(404);
  });

  it("whose id the server gives to several is nobody's own", async () => {
    const { send, open } = setUp();
    await open("same");
    await open("same", "User:bob");
    expect(await send({ sessionId: "same" })).toBe(200);
    expect(await send({ sessionId: "same", caller: "User:bob" })).toBe(200);
  });

  it("is forgotten when its owner has ended it", async () => {
    const { answer, owners, send, open } = setUp();
    await open("one");
    answer.status = 405;
    await send({ method: "DELETE", sessionId: "one" });
    expect(owners.count()).toBe(1);
    answer.status = 200;
    await send({ method: "DELETE", sessionId: "one" });
    expect(owners.count()).toBe(0);
  });
});

describe("sessions that nobody ends", () => {
  it("are refused beyond their number with the number, also under an id of the client's own, until one is idle", async () => {
    const { clock, arrived, owners, send, open } = setUp();
    for (const id of ["a", "b", "c"]) await open(id);
    const refused = "FloodLimited: no more than 3 sessions may be open with this server at once; try again later";
    expect(await open("d")).toBe(refused);
    expect(await send({ sessionId: "made-up", message: { type: "request", method: "initialize" } })).toBe(refused);
    expect(arrived).toHaveLength(3);
    expect(owners.refused().get("full")).toBe(2);
    clock.nowMs = 1_500;
    await send({ sessionId: "b" });
    expect(await open("d")).toBe(200);
    expect(owners.count()).toBe(2);
    // What made room still knows its owner.
    expect(await send({ sessionId: "a", caller: "User:bob" })).toBe(404);
  });

  it("and ids that clients make up keep neither memory nor others out", async () => {
    const { owners, send, open } = setUp(100);
    for (let at = 0; at < 1_000; at++) await send({ sessionId: `${at}${"x".repeat(1_000)}` });
    expect(owners.count()).toBe(0);
    expect(await open("one")).toBe(200);
    expect(await send({ sessionId: `999${"x".repeat(1_000)}`, caller: "User:bob" })).toBe(404);
    // The oldest were let go.
    expect(await send({ sessionId: `0${"x".repeat(1_000)}`, caller: "User:bob" })).toBe(200);
  });
});
