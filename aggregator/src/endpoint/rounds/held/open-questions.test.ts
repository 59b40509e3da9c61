import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RelayedRequest } from "../../../route/request.ts";
import { addQuestion, dropQuestion, noQuestions, takeAnswers, type OpenQuestions } from "./open-questions.ts";

const ask = (text: string): RelayedRequest => ({ method: "elicitation/create", params: { message: text } });
const open = (...texts: readonly string[]): OpenQuestions =>
  texts.reduce((questions, text) => addQuestion(questions, ask(text)).questions, noQuestions);

describe("answers to open questions", () => {
  it("are taken by their keys; what nobody asked is left out, what is missing stays open", () => {
    const taken = takeAnswers(open("a", "b"), { round: 0, responses: { "question-2": { action: "accept" }, x: 7 } });
    expect(taken).toMatchObject({ ok: true, questions: { round: 1, asked: 2 } });
    if (!taken.ok) return;
    expect([...taken.answers]).toEqual([["question-2", { action: "accept" }]]);
    expect([...taken.questions.open.keys()]).toEqual(["question-1"]);
  });

  it("are taken once: the same round does not come again", () => {
    const once = takeAnswers(open("a"), { round: 0, responses: { "question-1": {} } });
    expect(once.ok).toBe(true);
    if (!once.ok) return;
    expect(takeAnswers(once.questions, { round: 0, responses: {} })).toEqual({ ok: false, problem: "stale" });
    expect(takeAnswers(once.questions, { round: 1, responses: {} }).ok).toBe(true);
  });

  it("may be none at all, and are objects", () => {
    expect(takeAnswers(open("a"), { round: 0, responses: undefined }).ok).toBe(true);
    for (const responses of [null, [], "x", { "question-1": [] }, { "question-1": "yes" }, { "question-1": null }]) {
      const taken = takeAnswers(open("a"), { round: 0, responses });
      expect(taken.ok, JSON.stringify(responses)).toBe(responses === null);
    }
  });

  it("do not come from what every object has", () => {
    const questions: OpenQuestions = { ...noQuestions, open: new Map([["constructor", ask("a")]]) };
    const taken = takeAnswers(questions, { round: 0, responses: {} });
    expect(taken.ok && taken.answers.size).toBe(0);
  });
});

it("gives each question a key of its own, and every answer to one question, whatever the order", () => {
  const step = fc.oneof(
    fc.constant({ kind: "ask" as const }),
    fc.record({ kind: fc.constant("drop" as const), at: fc.nat(20) }),
    fc.record({ kind: fc.constant("answer" as const), keys: fc.array(fc.nat(20)), isLate: fc.boolean() }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      let questions = noQuestions;
      const given = new Set<string>();
      const answered = new Set<string>();
      for (const each of steps) {
        if (each.kind === "ask") {
          const added = addQuestion(questions, ask("?"));
          expect(given.has(added.key)).toBe(false);
          given.add(added.key);
          questions = added.questions;
        } else if (each.kind === "drop") questions = dropQuestion(questions, `question-${each.at}`);
        else {
          const responses = Object.fromEntries(each.keys.map((key) => [`question-${key}`, { key }]));
          const taken = takeAnswers(questions, { round: questions.round - (each.isLate ? 1 : 0), responses });
          expect(taken.ok).toBe(!each.isLate);
          if (!taken.ok) continue;
          for (const key of taken.answers.keys()) {
            expect([questions.open.has(key), answered.has(key)]).toEqual([true, false]);
            answered.add(key);
          }
          questions = taken.questions;
        }
      }
    }),
  );
});
