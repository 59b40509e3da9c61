import type { FeedState } from "@outrigger/api/feed";
import { describe, expect, it } from "vitest";
import { createPublisher } from "./publish.ts";

const health = { state: "Ready", reason: "Serving", message: "the server answers", sinceMs: 1 } as const;
const enforces = { limits: [], maxRequestBytes: 1, maxResponseBytes: 1 };
const policy = { hash: "h", reason: "PolicyApplied", message: "", enforces } as const;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function follow(): { publisher: ReturnType<typeof createPublisher>; states: FeedState[]; stop: () => void } {
  const publisher = createPublisher({ server: "notes", health, policy, nowMs: 7 });
  const states: FeedState[] = [];
  return { publisher, states, stop: publisher.subscribe((state) => states.push(state)) };
}

describe("the publisher", () => {
  it("starts with a state that says that nothing was listed", () => {
    expect(follow().publisher.current()).toEqual({
      format: 1,
      server: "notes",
      health,
      identity: {},
      catalogue: { reason: "Starting", message: "the server has not been listed yet", atMs: 7 },
      policy,
    });
  });

  it("tells what changes in one go once, and nothing where nothing changed", async () => {
    const { publisher, states } = follow();
    publisher.setHealth({ ...health, state: "Dead" });
    publisher.setPolicy({ ...policy, hash: "other" });
    await nextTurn();
    expect(states).toHaveLength(1);
    expect(states[0]).toMatchObject({ health: { state: "Dead" }, policy: { hash: "other" } });
    publisher.setHealth({ ...health, state: "Dead" });
    await nextTurn();
    expect(states).toHaveLength(1);
  });

  it("tells of the breaker and of findings only while there is something to tell", async () => {
    const { publisher, states } = follow();
    const before = publisher.current();
    publisher.setBreaker("Open");
    publisher.setFindings([{ tool: "t", digest: "d", state: "Changed", fields: [], withheld: false }]);
    await nextTurn();
    expect(states).toEqual([{ ...before, breaker: "Open", findings: [expect.objectContaining({ tool: "t" })] }]);
    publisher.setBreaker(undefined);
    publisher.setFindings([]);
    publisher.setBreaker(undefined);
    await nextTurn();
    expect(states).toEqual([states[0], before]);
  });

  it("tells nothing to who has stopped listening", async () => {
    const { publisher, states, stop } = follow();
    stop();
    publisher.setHealth({ ...health, state: "Dead" });
    await nextTurn();
    expect(states).toEqual([]);
  });
});
