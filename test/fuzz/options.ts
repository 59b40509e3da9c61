/** What `npm run fuzz` can be told. */
import { parseArgs } from "node:util";

/** The options of a run. */
export interface FuzzOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly isJson: boolean;
  /** Only the scenarios whose names hold this, or one of several with commas between. */
  readonly scenario?: string | undefined;
  /** A file to play instead of making inputs. */
  readonly replay?: string | undefined;
}

export const usage = `npm run fuzz -- [--minutes N] [--seed N] [--scenario TEXT] [--json]
npm run fuzz -- --replay FILE

  --minutes N    how long inputs are made; default 1
  --seed N       begins with this seed; default: another one each time, which is printed
  --scenario T   runs only the scenarios whose names hold this text, or one of several with commas between
  --json         prints the report as JSON
  --replay FILE  plays a kept input, or a file of test/fuzz/corpus/requests
`;

/** Reads the arguments; a sentence where they can't be used. `freshSeed` is taken where none is given. */
export function readFuzzOptions(args: readonly string[], freshSeed: number): FuzzOptions | string {
  const read = parse(args);
  if (typeof read === "string") return read;
  const { minutes: minutesText, seed: seedText = String(freshSeed), json, ...rest } = read;
  const minutes = Number(minutesText);
  const seed = Number(seedText);
  if (!(minutes > 0 && minutes <= 24 * 60)) return `--minutes ${minutesText}: expected a number above 0`;
  if (!Number.isSafeInteger(seed)) return `--seed ${seedText}: expected a whole number`;
  return { minutes, seed, isJson: json, ...rest };
}

function parse(args: readonly string[]) {
  try {
    const options = {
      minutes: { type: "string", default: "1" },
      seed: { type: "string" },
      json: { type: "boolean", default: false },
      scenario: { type: "string" },
      replay: { type: "string" },
    } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
