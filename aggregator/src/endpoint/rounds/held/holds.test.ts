import type { JsonObject } from "@outrigger/mcp";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createTestSeal } from "../../../replicas/testing.ts";
import type { CallOutcome } from "../../../route/failure.ts";
import type { CallerVoice, ClientReply } from "../../../route/request.ts";
import type { StateOwner } from "../request-state.ts";
import { createHolds, type Holds, type HoldBounds, type Leg, type SendHeld } from "./holds.ts";

const target = { namespace: "n", server: "s", group: "g", publicName: "s__t", name: "t" };
const done: CallOutcome = { kind: "result", result: { content: [] } };
const ownerOf = (caller: string): StateOwner => ({
  caller,
  target,
  request: { method: "tools/call", params: { name: "t" } },
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function create(bounds: Partial<HoldBounds> = {}): Holds {
  return createHolds({
    seal: createTestSeal(),
    self: "here",
    nowMs: () => Date.now(),
    bounds: { most: 10, mostOfCaller: 10, lifeMs: 1_000, ...bounds },
  });
}

function legOf(caller = "ada", voice: Partial<CallerVoice> = {}, signal = new AbortController().signal): Leg {
  return {
    ...{ owner: ownerOf(caller), signal, voice: { capabilities: { elicitation: {} }, ...voice } },
    present: (questions) => Object.fromEntries(questions),
  };
}

/** A server that asks this often, one after the other, and answers with what it was told. */
const askTimes =
  (times: number, replies: ClientReply[] = []): SendHeld =>
  async ({ voice, signal }) => {
    for (let n = 1; n <= times; n++) {
      const asked = voice.ask?.({ method: "elicitation/create", params: { message: `${n}?` } }, signal);
      const reply = await asked;
      if (signal.aborted) throw new Error("cancelled");
      if (reply !== undefined) replies.push(reply);
    }
    return done;
  };

const askedOf = ({
  outcome,
}: {
  readonly outcome: CallOutcome;
}): { inputRequests: JsonObject; requestState: string } => {
  if (outcome.kind === "error") throw new Error(outcome.error.message);
  expect(outcome.result["resultType"]).toBe("input_required");
  // The form of such a result.
  return outcome.result as unknown as { inputRequests: JsonObject; requestState: string };
};

describe("F-074 a call of a modern caller that a legacy server asks in the middle", () => {
  it("is held over any number of rounds, and ends with what the server answers", async () => {
    const holds = create();
    const replies: ClientReply[] = [];
    let step = await holds.begin(legOf(), askTimes(3, replies));
    for (let n = 1; n <= 3; n++) {
      const { inputRequests, requestState } = askedOf(step);
      expect([Object.keys(inputRequests), holds.count()]).toEqual([[`question-${n}`], 1]);
      const inputResponses = { [`question-${n}`]: { n } };
      step = (await holds.resume(legOf(), { requestState, inputResponses }))!;
    }
    expect(step).toEqual({ kind: "ended", outcome: done });
    expect(replies).toEqual([{ result: { n: 1 } }, { result: { n: 2 } }, { result: { n: 3 } }]);
    expect(holds.count()).toBe(0);
  });

  it("is not held where nothing is asked", async () => {
    const holds = create();
    expect(await holds.begin(legOf(), () => Promise.resolve(done))).toEqual({ kind: "ended", outcome: done });
    expect(holds.count()).toBe(0);
  });

  it("asks again what was not answered, and refuses what was answered already, by others, or in another form", async () => {
    const holds = create();
    const first = askedOf(await holds.begin(legOf(), askTimes(1)));
    const refusedOf = async (leg: Leg, inputResponses: unknown): Promise<unknown> =>
      (await holds.resume(leg, { requestState: first.requestState, inputResponses }))?.outcome;
    const refused = { kind: "error", error: { code: -32_602 } };
    expect(await refusedOf(legOf("eve"), {})).toMatchObject(refused);
    expect(await refusedOf(legOf(), { "question-1": "yes" })).toMatchObject(refused);
    const again = askedOf((await holds.resume(legOf(), { requestState: first.requestState, inputResponses: {} }))!);
    expect(Object.keys(again.inputRequests)).toEqual(["question-1"]);
    expect(await refusedOf(legOf(), { "question-1": {} })).toMatchObject(refused);
    expect(holds.count()).toBe(1);
  });

  it("keeps its end for a caller that comes for it", async () => {
    const holds = create();
    const { requestState } = askedOf(
      await holds.begin(legOf(), ({ voice, signal }) => {
        void voice.ask?.({ method: "roots/list", params: {} }, signal);
        return Promise.resolve().then(() => Promise.resolve(done));
      }),
    );
    const step = await holds.resume(legOf(), { requestState, inputResponses: {} });
    // The question is open still: the server has not said that it does not want to know any more.
    const last = await holds.resume(legOf(), {
      requestState: askedOf(step!).requestState,
      inputResponses: { "question-1": {} },
    });
    expect(last).toEqual({ kind: "ended", outcome: done });
    expect(holds.count()).toBe(0);
  });

  it("tells of progress on the request that waits now", async () => {
    const holds = create();
    const heard: string[] = [];
    const hear = (name: string): Partial<CallerVoice> => ({ onProgress: () => void heard.push(name) });
    const { requestState } = askedOf(
      await holds.begin(legOf("ada", hear("first")), async ({ voice, signal }) => {
        voice.onProgress?.({ progress: 1 });
        await voice.ask?.({ method: "roots/list", params: {} }, signal);
        voice.onProgress?.({ progress: 2 });
        return done;
      }),
    );
    await holds.resume(legOf("ada", hear("second")), { requestState, inputResponses: { "question-1": {} } });
    expect(heard).toEqual(["first", "second"]);
  });

  it("ends with the request that waits for it, with its time, and with the program", async () => {
    const holds = create();
    const ends: string[] = [];
    const noted =
      (name: string): SendHeld =>
      (how) => {
        how.signal.addEventListener("abort", () => ends.push(name));
        return askTimes(1)(how);
      };
    const leaving = new AbortController();
    const first = askedOf(await holds.begin(legOf(), noted("cancelled")));
    const second = askedOf((await holds.resume(legOf(), { ...first, inputResponses: {} }))!);
    leaving.abort();
    expect(ends).toEqual([]);
    const step = holds.resume(legOf("ada", {}, AbortSignal.abort()), { ...second, inputResponses: {} });
    await step?.catch(() => undefined);
    expect(ends).toEqual(["cancelled"]);

    const late = askedOf(await holds.begin(legOf(), noted("late")));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ends).toEqual(["cancelled", "late"]);
    expect(holds.resume(legOf(), { ...late, inputResponses: {} })).toBeUndefined();

    askedOf(await holds.begin(legOf(), noted("closed")));
    holds.close();
    expect(ends).toEqual(["cancelled", "late", "closed"]);
  });

  it("is refused where a caller, or all together, have too many held", async () => {
    const holds = create({ most: 3, mostOfCaller: 2 });
    const begin = async (caller: string): Promise<string> =>
      (await holds.begin(legOf(caller), askTimes(1))).outcome.kind;
    expect(await begin("ada")).toBe("result");
    expect(await begin("ada")).toBe("result");
    expect(await begin("ada")).toBe("error");
    expect(await begin("bob")).toBe("result");
    expect(await begin("eve")).toBe("error");
    expect(holds.count()).toBe(3);
    holds.close();
  });
});
