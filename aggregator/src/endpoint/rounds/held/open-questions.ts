/**
 * The questions of a legacy server in one call that is held for a modern caller: which are open, and in which round.
 * Decides which answers are taken: those to open questions, each once. Pure.
 */
import type { JsonObject } from "@outrigger/mcp";
import type { RelayedRequest } from "../../../route/request.ts";

/** Open questions by the key under which the caller answers. `round`: how often the caller has answered; `asked`: how many there were. */
export interface OpenQuestions {
  readonly round: number;
  readonly asked: number;
  readonly open: ReadonlyMap<string, RelayedRequest>;
}

/** What became of answers. `stale`: to a round that was answered already; `unreadable`: not an object of objects. */
export type TakenAnswers =
  | { readonly ok: true; readonly questions: OpenQuestions; readonly answers: ReadonlyMap<string, JsonObject> }
  | { readonly ok: false; readonly problem: "stale" | "unreadable" };

/** Before the first question. */
export const noQuestions: OpenQuestions = { round: 0, asked: 0, open: new Map() };

/** The server asks. Keys never come twice within a call. */
export function addQuestion(
  { round, asked, open }: OpenQuestions,
  question: RelayedRequest,
): { readonly key: string; readonly questions: OpenQuestions } {
  const key = `question-${asked + 1}`;
  return { key, questions: { round, asked: asked + 1, open: new Map([...open, [key, question]]) } };
}

/** The server does not want to know it any more. */
export function dropQuestion(questions: OpenQuestions, key: string): OpenQuestions {
  return { ...questions, open: new Map([...questions.open].filter(([each]) => each !== key)) };
}

/** The caller answers. What it leaves out stays open, what nobody asked is left out. */
export function takeAnswers(
  questions: OpenQuestions,
  { round, responses }: { readonly round: number; readonly responses: unknown },
): TakenAnswers {
  if (round !== questions.round) return { ok: false, problem: "stale" };
  const given = responses ?? {};
  if (!isObject(given)) return { ok: false, problem: "unreadable" };
  const answers = new Map<string, JsonObject>();
  for (const key of questions.open.keys()) {
    const answer = Object.hasOwn(given, key) ? given[key] : undefined;
    if (answer === undefined) continue;
    if (!isObject(answer)) return { ok: false, problem: "unreadable" };
    answers.set(key, answer);
  }
  const open = new Map([...questions.open].filter(([key]) => !answers.has(key)));
  // The next round has a number of its own: what was answered is not answered again.
  return { ok: true, answers, questions: { ...questions, open, round: round + 1 } };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
