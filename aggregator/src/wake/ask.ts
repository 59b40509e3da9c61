/**
 * Asks the operator to wake a server: one POST with the program's own ServiceAccount token, which is read anew each time, because
 * the kubelet replaces it. Decides which answers are final; when to ask again is `waker.ts`'s.
 */
import { readFile } from "node:fs/promises";
import { reasons } from "@outrigger/api/reasons";
import { readWakeAnswer, wakePath, type WakeAnswer, type WakeRequest } from "@outrigger/api/wake";
import { describeFailedConnection } from "@outrigger/runtime/connection-failure";
import { request, type Dispatcher } from "undici";
import { readBounded } from "../route/read-events.ts";
import type { AskOutcome } from "./judge.ts";
import type { ServerName } from "./waker.ts";

/** Where the operator is, and the file with the token for it. */
export interface AskOptions {
  readonly dispatcher: Dispatcher;
  /** Without a path. */
  readonly baseUrl: string;
  readonly tokenFile: string;
}

const timeoutMs = 10_000;
const maxAnswerBytes = 16 * 1024;

/** Where nobody is named who could be asked. */
export const refuseToAsk = (): Promise<AskOutcome> =>
  Promise.resolve({ kind: "refused", message: "The aggregator was started without --wake-url." });

/** Creates what asks. It never rejects: what fails is told by the outcome. */
export function createAsk({ dispatcher, baseUrl, tokenFile }: AskOptions) {
  return async ({ namespace, server }: ServerName, signal: AbortSignal): Promise<AskOutcome> => {
    const token = await readFile(tokenFile, "utf8").catch((error: unknown) => ({ error }));
    if (typeof token !== "string")
      return { kind: "failed", message: `The operator can't be asked: ${String(token.error)} (from --wake-token).` };
    try {
      const answer = await request(baseUrl + wakePath, {
        dispatcher,
        method: "POST",
        headers: { authorization: `Bearer ${token.trim()}`, "content-type": "application/json" },
        body: JSON.stringify({ namespace, server } satisfies WakeRequest),
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        signal,
      });
      return judgeAnswer(answer.statusCode, await readBounded(answer.body, maxAnswerBytes));
    } catch (error) {
      const why = describeFailedConnection({ address: baseUrl, setting: "--wake-url" }, error);
      return { kind: "failed", message: `The operator can't be asked: ${why}.` };
    }
  };
}

/** Refusals that stay as they are until somebody changes the installation. */
const final: readonly WakeAnswer["reason"][] = ["RequestMalformed", "WakerUnverified", "WakerNotAllowed"];

/** NotAsleep: for the operator it is not, because it has woken it and this program has not heard of it yet. */
export function judgeAnswer(status: number, body: string): AskOutcome {
  const answer = readWakeAnswer(parseJson(body));
  if (answer === undefined)
    return { kind: "failed", message: `The operator's answer of status ${status} is no answer.` };
  if (answer.reason === "Woken" || answer.reason === "NotAsleep") return { kind: "asked" };
  const message = `The operator says ${answer.reason}: ${answer.message === "" ? reasons[answer.reason].sentence : answer.message}`;
  return { kind: final.includes(answer.reason) ? "refused" : "failed", message };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
