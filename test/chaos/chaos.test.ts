import { expect, it } from "vitest";
import { startFakeApi } from "./api/fake.ts";
import { quickCalls } from "./calls.ts";
import { faults } from "./faults.ts";
import { judgeAnswer, type Attempt } from "./judge.ts";
import { readOptions } from "./options.ts";
import { findProblems, formatChaos, type ChaosReport } from "./report.ts";
import { runChaos, sessionClients } from "./run.ts";
import { addCall, noCounts, type Counts } from "./tally.ts";

const right: Attempt = { kind: "right" };
const refused: Attempt = { kind: "refused", why: "HTTP 200, 10503 ReplicaLost" };
const unclear: Attempt = { kind: "unclear", why: "HTTP 500 without an answer" };

const count = (...calls: readonly (readonly Attempt[])[]): Counts =>
  calls.reduce((counts, attempts) => addCall(counts, { attempts, ms: 5 }), noCounts);

const report = (counts: Counts, rest: Partial<ChaosReport> = {}): ChaosReport => ({
  seconds: 12,
  faults: [{ name: "replica-killed", what: "a replica is killed", counts, unsettled: null }],
  clients: { "sessions begun": 4 },
  replicas: { "requests passed on": 3 },
  ...rest,
});

it("counts a call that came through at a later attempt as answered, with why the first one was refused", () => {
  const counts = count([right], [refused, right]);
  expect(counts).toMatchObject({ sent: 2, answered: 2, retried: 1, lost: 0 });
  expect(counts.refused).toEqual({ [refused.why]: 1 });
  expect(findProblems(report(counts))).toEqual([]);
  expect(formatChaos(report(counts))).toMatch(/replica-killed +2 +2 +1 +1 +0 +0\.0 s\n[^]*No call was lost\.$/);
});

it("counts a call as lost that had an unclear answer, though a later one was right", () => {
  expect(count([unclear, right])).toMatchObject({ sent: 1, answered: 0, lost: 1, lostBy: { [unclear.why]: 1 } });
  expect(count([refused, refused])).toMatchObject({ lost: 1 });
  expect(count([])).toMatchObject({ lost: 1 });
});

it.each([
  ["a call is lost", report(count([unclear])), /1 of 1 calls were lost/],
  ["nothing is sent", report(noCounts), /no call was sent/],
  ["nothing is done", report(count([right]), { faults: [] }), /nothing was done/],
  ["replicas never needed each other", report(count([right]), { replicas: {} }), /passed on/],
  [
    "a fault is not overcome",
    report(noCounts, { faults: [{ name: "api-killed", what: "", counts: count([right]), unsettled: "it knows 3" }] }),
    /api-killed: it knows 3/,
  ],
])("fails where %s", (_what, made, problem) => {
  expect(findProblems(made).join()).toMatch(problem);
  expect(formatChaos(made)).toMatch(/FAILED: /);
});

const [echo] = quickCalls;
const call = { caller: "modern-1", number: 7 };
const judge = (status: number, message: object): Attempt =>
  judgeAnswer(echo!, call, { status, messages: [{ ...message }] });
const text = (shown: string): object => ({ result: { content: [{ type: "text", text: shown }] } });

it.each([
  ["the answer to this call", 200, text("Echo: call 7 of modern-1."), "right"],
  ["the answer to another caller", 200, text("Echo: call 7 of modern-2."), "unclear"],
  ["the answer to another call of the same caller", 200, text("Echo: call 77 of modern-1."), "unclear"],
  ["a session that is gone", 404, { error: { code: -32_600, message: "no session" } }, "refused"],
  ["a reason of our own", 200, { error: { code: 10_503, message: "lost" } }, "refused"],
  ["a name that is unknown", 200, { error: { code: -32_602, message: "Unknown tool" } }, "unclear"],
  ["an internal error", 500, { error: { code: -32_603, message: "Internal" } }, "unclear"],
  ["a tool's error", 200, { result: { isError: true, content: [] } }, "unclear"],
  ["nothing", 200, {}, "unclear"],
])("judges %s", (_what, status, message, kind) => {
  expect(judge(status, message).kind).toBe(kind);
});

it("names the faults that there are where one is misspelled, and takes some of them in their order", () => {
  expect(readOptions(["--faults", "api-kiled"])).toMatchObject({
    ok: false,
    message: expect.stringMatching(/no "api-kiled".*api-killed/) as string,
  });
  expect(readOptions(["--seconds", "soon"])).toMatchObject({
    ok: false,
    message: expect.stringMatching(/--seconds: expected .*"soon"/) as string,
  });
  const some = readOptions(["--faults", "api-killed,replica-killed", "--seconds", "5"]);
  expect(some.ok && some.faults.map(({ name }) => name)).toEqual(["replica-killed", "api-killed"]);
  expect(readOptions([])).toMatchObject({ ok: true, faults });
});

it("F-077 loses no call while a replica and sidecars are killed under load", { timeout: 600_000 }, async () => {
  const told: string[] = [];
  const made = await runChaos({
    faults: faults.filter(({ name }) => ["replica-killed", "sidecar-killed"].includes(name)),
    seconds: 4,
    startApi: startFakeApi,
    tell: ({ what }) => told.push(what),
  });
  expect(findProblems(made), formatChaos(made)).toEqual([]);
  expect(told.join("\n")).toMatch(/replica-killed[^]*sidecar-killed/);
  // Each kill leaves sessions behind, and a session begins anew only where nobody could take it over.
  expect(made.replicas["sessions taken over"]).toBeGreaterThan(0);
  expect(made.clients["sessions begun"]).toBe(sessionClients);
});
