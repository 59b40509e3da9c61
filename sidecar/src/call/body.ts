/** Reads the body of a request within its limit, and within the budget of all that is held at once. Stage before the scan. */
import type { Visit } from "../downstream/visit.ts";
import type { ByteBudget, Share } from "./budget.ts";
import { createPieces, type Pieces } from "./pieces.ts";

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
export function readBody(visit: Visit, plan: BodyPlan): void {
  const { limitBytes, budget } = plan;
  const { channel } = visit;
  let whole: Buffer | undefined;
  let pieces: Pieces | undefined;
  let share: Share | undefined;
  let size = 0;
  let isDone = false;
  const finish = (reading: BodyReading): void => {
    if (isDone) return;
    isDone = true;
    if (typeof reading === "string") {
      share?.free();
      pieces = undefined;
      channel.stopBody(visit);
    }
    plan.done(reading);
  };
  const keep = (chunk: Buffer): void => {
    if (share === undefined) {
      share = budget.open();
      channel.onOver(visit, share.free);
    }
    if (share.grow(chunk.length)) (pieces ??= createPieces()).add(chunk);
    else finish("no room");
  };
  channel.readBody(visit, {
    onData: (chunk) => {
      if (isDone) return;
      size += chunk.length;
      if (size > limitBytes) finish("too large");
      else if (chunk.length === visit.bodyBytes) whole = chunk;
      else keep(chunk);
    },
    onEnd: () => finish(whole ?? pieces?.join() ?? empty),
    onBroken: () => finish("broken off"),
  });
}
