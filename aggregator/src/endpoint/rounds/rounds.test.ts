import { randomBytes } from "node:crypto";
import type { JsonObject } from "@outrigger/mcp";
import { describe, expect, it } from "vitest";
import { createSeal, createSealKey } from "../../replicas/seal.ts";
import type { CallOutcome } from "../../route/failure.ts";
import type { CallerVoice, RelayedRequest } from "../../route/request.ts";
import { createHolds } from "./held/holds.ts";
import { createRequestStates, stateLifeMs } from "./request-state.ts";
import { sendInRounds, type Rounds } from "./rounds.ts";

const key = createSealKey(randomBytes(32));
const seal = createSeal({ keys: () => [key], randomBytes });
const target = { namespace: "n", server: "s", group: "g", publicName: "s__t", name: "t" };
const request: RelayedRequest = { method: "tools/call", params: { name: "t" } };
const owner = { caller: "User:ada", target, request };
const question = { method: "elicitation/create", params: { message: "Name?" } };
const asking = (rest: JsonObject = {}): CallOutcome => {
  return { kind: "result", result: { resultType: "input_required", inputRequests: { q: question }, ...rest } };
};
const done: CallOutcome = { kind: "result", result: { content: [] } };

function run(
  answers: readonly CallOutcome[],
  given: Partial<Rounds> & { readonly voice?: CallerVoice } = {},
): { readonly sent: RelayedRequest[]; readonly outcome: Promise<CallOutcome> } {
  const sent: RelayedRequest[] = [];
  const outcome = sendInRounds({
    owner,
    era: "legacy",
    retry: {},
    voice: { capabilities: { elicitation: {} }, ask: () => Promise.resolve({ result: { action: "accept" } }) },
    states: createRequestStates({ seal, nowMs: () => 0 }),
    holds: createHolds({ seal, self: "self", nowMs: () => 0 }),
    mayHold: () => false,
    askedBy: () => undefined,
    signal: new AbortController().signal,
    send: (each) => {
      sent.push(each);
      return Promise.resolve(answers[Math.min(sent.length, answers.length) - 1] ?? done);
    },
    ...given,
  });
  return { sent, outcome };
}

describe("F-074 a legacy caller of a modern server", () => {
  it("is asked, and the request is made again with its answers and the server's exact state", async () => {
    const { sent, outcome } = run([asking({ requestState: "st" }), done]);
    expect(await outcome).toEqual(done);
    expect(sent.map(({ params }) => params)).toEqual([
      { name: "t" },
      { name: "t", inputResponses: { q: { action: "accept" } }, requestState: "st" },
    ]);
  });

  it("is asked eight times and no more", async () => {
    const { sent, outcome } = run([asking()]);
    expect(await outcome).toMatchObject({ kind: "error", error: { code: -32_603 } });
    expect(sent).toHaveLength(9);
  });

  it("reads which capability it lacks as the result of the tool", async () => {
    const { outcome } = run([asking()], { voice: { capabilities: {}, ask: () => Promise.resolve({ result: {} }) } });
    expect(await outcome).toMatchObject({ kind: "result", result: { isError: true } });
  });

  it("gets its own refusal back as the end of the request", async () => {
    const ask = () => Promise.resolve({ error: { code: -1, message: "not now" } });
    const { outcome } = run([asking()], { voice: { capabilities: { elicitation: {} }, ask } });
    expect(await outcome).toEqual({ kind: "error", error: { code: -1, message: "not now" } });
  });
});

describe("F-074 a modern caller", () => {
  const modern = { era: "modern", voice: { capabilities: { elicitation: {} } } } as const;

  it("gets the questions with a state that is sealed, and gives the server's own back", async () => {
    const first = await run([asking({ requestState: "st" })], modern).outcome;
    const requestState = first.kind === "result" ? first.result["requestState"] : undefined;
    expect(requestState).not.toContain("st");
    const retry = { inputResponses: { q: { action: "accept" } }, requestState };
    const { sent, outcome } = run([done], { ...modern, retry });
    expect(await outcome).toEqual(done);
    expect(sent[0]?.params).toEqual({ name: "t", inputResponses: retry.inputResponses, requestState: "st" });
  });

  it("is refused a state of another caller, request or server, a changed one, and one of long ago", async () => {
    const states = createRequestStates({ seal, nowMs: () => 0 });
    const late = createRequestStates({ seal, nowMs: () => stateLifeMs });
    const sealed = states.seal(owner, "st");
    expect(states.open(owner, sealed)).toBe("st");
    const others = [
      { ...owner, caller: "User:eve" },
      { ...owner, request: { ...request, params: { name: "t", arguments: { x: 1 } } } },
      { ...owner, target: { ...target, server: "other" } },
    ];
    for (const other of others) expect(states.open(other, sealed)).toBeUndefined();
    expect(late.open(owner, sealed)).toBeUndefined();
    expect(states.open(owner, `${sealed}A`)).toBeUndefined();
    const { sent, outcome } = run([done], { ...modern, retry: { requestState: "made up" } });
    expect(await outcome).toMatchObject({ error: { code: -32_602, message: "Invalid or expired requestState" } });
    expect(sent).toHaveLength(0);
  });

  it("is not handed a question that it has not declared to answer", async () => {
    const { outcome } = run([asking()], { ...modern, voice: { capabilities: { roots: {} } } });
    const data = { requiredCapabilities: { elicitation: {} } };
    expect(await outcome).toMatchObject({ kind: "error", error: { code: -32_021, data } });
  });

  it("gets a question where a legacy server answers that a URL has to be visited", async () => {
    const elicitations = [{ mode: "url", url: "https://x.example", message: "Sign in" }];
    const error = { code: -32_042, message: "sign in first", data: { elicitations } };
    expect(await run([{ kind: "error", error }], modern).outcome).toMatchObject({
      result: { resultType: "input_required", inputRequests: { "url-1": { params: elicitations[0] } } },
    });
  });
});
