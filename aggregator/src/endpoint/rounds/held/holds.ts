/**
 * Calls of modern callers that are held at legacy servers while their callers are asked: the request to the server stays open, the caller gets
 * the questions as `input_required`, and its next request goes on where the first one stopped. Decides how many calls are held, how long,
 * and what ends one. Only this replica of the aggregator has them; others pass the caller's requests on to it.
 */
import { randomUUID } from "node:crypto";
import { rpcCodes, wireErrors } from "@outrigger/api/errors";
import { reasons } from "@outrigger/api/reasons";
import type { JsonObject, RpcError } from "@outrigger/mcp";
import type { Seal } from "../../../replicas/seal.ts";
import type { CallOutcome } from "../../../route/failure.ts";
import type { CallerVoice, ClientReply, RelayedRequest } from "../../../route/request.ts";
import { longestAskMs } from "../../../route/upstream-call.ts";
import { refuseState, type StateOwner } from "../request-state.ts";
import { locateHeld, openHeld, sealHeld } from "./held-state.ts";
import { addQuestion, dropQuestion, noQuestions, takeAnswers, type OpenQuestions } from "./open-questions.ts";

/** One request of the caller about a call: the one that began it, or one that answers questions. */
export interface Leg {
  readonly owner: StateOwner;
  readonly voice: CallerVoice;
  /** The caller does not wait for this request any more. */
  readonly signal: AbortSignal;
  /** Puts the questions in the form in which the caller sees them. */
  readonly present: (questions: readonly (readonly [string, RelayedRequest])[]) => JsonObject;
}

/** How a held call is made: `voice` can be asked, `signal` ends the call. Rejects when `signal` aborts. */
export type SendHeld = (how: { readonly voice: CallerVoice; readonly signal: AbortSignal }) => Promise<CallOutcome>;

/** What a leg comes to: the end of the call, or questions for the caller. */
export interface HeldStep {
  readonly kind: "ended" | "asked";
  readonly outcome: CallOutcome;
}

/** The held calls. */
export interface Holds {
  /** Makes a call that may be held. Rejects where the leg's signal aborts. */
  readonly begin: (leg: Leg, send: SendHeld) => Promise<HeldStep>;
  /** Goes on with a call; undefined where the state is none of a held call. Rejects where the leg's signal aborts. */
  readonly resume: (leg: Leg, answers: HeldAnswers) => Promise<HeldStep> | undefined;
  /** The replica that holds the call of a state; undefined where the state is none of a held call. */
  readonly holderOf: (requestState: unknown) => string | undefined;
  readonly count: () => number;
  /** Ends all of them. */
  readonly close: () => void;
}

/** What a caller sends along when it goes on; both as they came. */
export interface HeldAnswers {
  readonly requestState: unknown;
  readonly inputResponses: unknown;
}

/** Most calls that are held at once, and of one caller. `lifeMs`: how long after its first question a call is held. */
export interface HoldBounds {
  readonly most: number;
  readonly mostOfCaller: number;
  readonly lifeMs: number;
}

/** The bounds that hold. The sidecar is told to wait as long for answers. */
const holdBounds: HoldBounds = { most: 1_000, mostOfCaller: 16, lifeMs: longestAskMs };

/** What they are made from. `self`: the address of this replica. */
export interface HoldsOptions {
  readonly seal: Seal;
  readonly self: string;
  readonly nowMs: () => number;
  readonly bounds?: HoldBounds;
}

interface Held {
  readonly id: string;
  readonly caller: string;
  readonly ending: AbortController;
  readonly answers: Map<string, (reply: ClientReply) => void>;
  questions: OpenQuestions;
  outcome: Promise<CallOutcome>;
  /** Who hears of progress now; the caller's last request, once it has been answered. */
  leg: Leg;
  onAsked: (() => void) | undefined;
  /** Undefined before the first question is handed out. */
  kept: Kept | undefined;
}

/** How long a call is held. `atMs`: since 1970. */
interface Kept {
  readonly atMs: number;
  readonly timer: NodeJS.Timeout;
}

/** Creates them, none yet. */
export function createHolds({ seal, self, nowMs, bounds = holdBounds }: HoldsOptions): Holds {
  const held = new Map<string, Held>();

  const isFull = ({ caller }: Held): boolean =>
    held.size >= bounds.most ||
    [...held.values()].filter((each) => each.caller === caller).length >= bounds.mostOfCaller;

  const letGo = (call: Held): void => {
    clearTimeout(call.kept?.timer);
    held.delete(call.id);
  };

  /** The first question is handed out: from now on the call is held, and its end, until the caller has come for it. */
  const keep = (call: Held): Kept => {
    const expire = (): void => {
      letGo(call);
      call.ending.abort();
    };
    held.set(call.id, call);
    return { atMs: nowMs() + bounds.lifeMs, timer: setTimeout(expire, bounds.lifeMs).unref() };
  };

  const present = (call: Held, leg: Leg): HeldStep => {
    if (call.kept === undefined && isFull(call)) {
      call.ending.abort();
      return endWith(tooMany);
    }
    call.kept ??= keep(call);
    const { round, open } = call.questions;
    const requestState = sealHeld(seal, leg.owner, { id: call.id, replica: self, round, expiresMs: call.kept.atMs });
    const result = { resultType: "input_required", inputRequests: leg.present([...open]), requestState };
    return { kind: "asked", outcome: { kind: "result", result } };
  };

  /** Waits for the end of the call, or the next question. The caller cancels the call with the request that waits for it. */
  const follow = async (call: Held, leg: Leg): Promise<HeldStep> => {
    call.leg = leg;
    const cancel = (): void => call.ending.abort();
    leg.signal.addEventListener("abort", cancel, { once: true });
    if (leg.signal.aborted) cancel();
    try {
      const asked = new Promise<"asked">((resolve) => {
        call.onAsked = () => resolve("asked");
      });
      const first = call.questions.open.size > 0 ? "asked" : await Promise.race([call.outcome, asked]);
      if (first === "asked") return present(call, leg);
      letGo(call);
      return { kind: "ended", outcome: first };
    } catch (error) {
      letGo(call);
      if (leg.signal.aborted || !call.ending.signal.aborted) throw error;
      return endWith(refuseState);
    } finally {
      call.onAsked = undefined;
      leg.signal.removeEventListener("abort", cancel);
    }
  };

  return {
    begin: (leg, send) => {
      const ending = new AbortController();
      const call: Held = {
        ...{ id: randomUUID(), caller: leg.owner.caller, ending, answers: new Map(), questions: noQuestions, leg },
        ...{ onAsked: undefined, kept: undefined },
        outcome: Promise.reject(new Error("not sent yet")),
      };
      call.outcome.catch(() => undefined);
      call.outcome = send({ voice: speakFor(call), signal: ending.signal });
      // Nobody may be waiting when it fails.
      call.outcome.catch(() => undefined);
      return follow(call, leg);
    },
    resume: (leg, { requestState, inputResponses }) => {
      if (locateHeld(seal, requestState, nowMs()) === undefined) return undefined;
      const reference = openHeld(seal, requestState, { owner: leg.owner, nowMs: nowMs() });
      const call = reference === undefined ? undefined : held.get(reference.id);
      if (reference === undefined || call === undefined) return Promise.resolve(endWith(refuseState));
      const taken = takeAnswers(call.questions, { round: reference.round, responses: inputResponses });
      if (!taken.ok) return Promise.resolve(endWith(refusals[taken.problem]));
      call.questions = taken.questions;
      const step = follow(call, leg);
      for (const [key, result] of taken.answers) call.answers.get(key)?.({ result });
      return step;
    },
    holderOf: (requestState) => locateHeld(seal, requestState, nowMs())?.replica,
    count: () => held.size,
    close: () => {
      for (const call of held.values()) call.ending.abort();
    },
  };
}

/** The voice of a held call: what is told goes to the request that waits now, what is asked waits for the next one. */
function speakFor(call: Held): CallerVoice {
  const { capabilities, logLevel, onProgress, onLog } = call.leg.voice;
  return {
    capabilities,
    ...(logLevel === undefined ? {} : { logLevel }),
    ...(onProgress === undefined ? {} : { onProgress: (params) => call.leg.voice.onProgress?.(params) }),
    ...(onLog === undefined ? {} : { onLog: (params) => call.leg.voice.onLog?.(params) }),
    ask: (request, signal) =>
      new Promise((resolve) => {
        const { key, questions } = addQuestion(call.questions, request);
        call.questions = questions;
        const settle = (reply: ClientReply): void => {
          call.answers.delete(key);
          call.questions = dropQuestion(call.questions, key);
          resolve(reply);
        };
        call.answers.set(key, settle);
        signal.addEventListener("abort", () => settle({ error: { ...withdrawn } }), { once: true });
        call.onAsked?.();
      }),
  };
}

const withdrawn: RpcError = { code: rpcCodes.internal, message: "The question was withdrawn." };

const tooMany: RpcError = {
  code: wireErrors.FloodLimited.jsonRpcCode,
  message: `${reasons.FloodLimited.sentence} Too many calls wait for answers of their callers; answer those first, or call again later.`,
};

const refusals: Readonly<Record<"stale" | "unreadable", RpcError>> = {
  stale: {
    code: rpcCodes.invalidParams,
    message: "This requestState was used already: answer the questions that came last.",
  },
  unreadable: {
    code: rpcCodes.invalidParams,
    message: "Invalid inputResponses: expected an object with an object for each question",
  },
};

function endWith(error: RpcError): HeldStep {
  return { kind: "ended", outcome: { kind: "error", error } };
}
