/**
 * How the engine keeps what is made for a call: young, whatever else is open. When many streams were opened in a short time, V8 takes
 * the kinds of objects that both have in common for long-lived and makes those of calls old from the start; being old they keep the rest
 * of their call alive, and the collector copies and marks all of it: twice the work for each call, for as long as the program runs.
 */
import { setFlagsFromString } from "node:v8";

/** Has objects be made young always. Call it before anything is compiled for speed; it can't be said in NODE_OPTIONS. */
export function keepCallsYoung(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}
