/** Reads the body of a request within its limit, and within the budget of all that is held at once. Stage before the scan. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ByteBudget, Share } from "./budget.ts";

/** What came of reading: the bytes, or why there are none. The rest of a body that is too large is never read. */
export type BodyReading = Buffer | "too large" | "no room" | "broken off";

/** How a body may be read, and who hears of it once. */
export interface BodyPlan {
  readonly limitBytes: number;
  readonly budget: ByteBudget;
  readonly done: (reading: BodyReading) => void;
}

const empty = Buffer.alloc(0);

/**
 * Reads a body. One that comes in a single piece is used at once and costs the budget nothing; of others the bytes count until the
 * answer has ended, however slowly they come.
 */
export function readBody(request: IncomingMessage, response: ServerResponse, plan: BodyPlan): void {
  const { limitBytes, budget } = plan;
  let first: Buffer | undefined;
  let all: Buffer[] | undefined;
  let share: Share | undefined;
  let size = 0;
  let isDone = false;
  const finish = (reading: BodyReading): void => {
    if (isDone) return;
    isDone = true;
    if (typeof reading === "string") {
      share?.free();
      first = undefined;
      all = undefined;
      request.pause();
    }
    plan.done(reading);
  };
  const keep = (chunk: Buffer): void => {
    if (share === undefined) {
      share = budget.open();
      response.once("close", share.free);
      if (first !== undefined && !share.grow(first.length)) finish("no room");
    }
    if (!isDone && !share.grow(chunk.length)) finish("no room");
    if (isDone) return;
    if (first === undefined) first = chunk;
    else (all ??= [first]).push(chunk);
  };
  request.on("data", (chunk: Buffer) => {
    if (isDone) return;
    size += chunk.length;
    if (size > limitBytes) finish("too large");
    else if (first === undefined && isWhole(request, chunk)) first = chunk;
    else keep(chunk);
  });
  request.on("end", () => finish(all === undefined ? (first ?? empty) : Buffer.concat(all)));
  request.on("error", () => finish("broken off"));
}

const isWhole = ({ headers }: IncomingMessage, chunk: Buffer): boolean =>
  headers["content-length"] === String(chunk.length);
