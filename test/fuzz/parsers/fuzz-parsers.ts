/** Gives each parser many texts that are nearly right, and says which of them it got wrong. In one process, without sockets. */
import { mutateOften } from "../generators/mutate.ts";
import { createRandom, type Random } from "../random.ts";
import type { ParserTarget } from "./targets.ts";

/** What one parser got wrong first: the text as JSON, so that it can be put into a test. */
export interface ParserFailure {
  readonly problem: string;
  readonly where: string;
}

/** What was tried by parser, and what was wrong, once for each of them. */
export interface ParserReport {
  readonly tried: Readonly<Record<string, number>>;
  readonly failures: readonly ParserFailure[];
}

/** Texts for each parser in a run: some seconds for all of them. */
export const parserInputs = 20_000;

/** Runs all of them. `count`: texts for each. The same texts for the same seed, but for keys, which are new each time. */
export function fuzzParsers(
  targets: readonly ParserTarget[],
  { seed, count }: { readonly seed: number; readonly count: number },
): ParserReport {
  const tried: Record<string, number> = {};
  const failures: ParserFailure[] = [];
  for (const [at, target] of targets.entries()) {
    const where = `parser: ${target.name}`;
    tried[where] = count;
    const random = createRandom(seed + at);
    const problem = findProblem(target, () => makeText(target.seeds, random), count);
    if (problem !== undefined) failures.push({ problem, where });
  }
  return { tried, failures };
}

function findProblem(target: ParserTarget, make: () => string, count: number): string | undefined {
  for (let left = count; left > 0; left--) {
    // The right texts are among them: a parser that refuses everything is wrong, too.
    const text = left % 100 === 0 ? (target.seeds[left % target.seeds.length] ?? "") : make();
    const problem = judge(target, text);
    if (problem !== undefined) return `${problem}: ${JSON.stringify(text).slice(0, 2_000)}`;
  }
  return undefined;
}

function judge(target: ParserTarget, text: string): string | undefined {
  try {
    return target.judge(text);
  } catch (error) {
    return `threw ${String(error)}`;
  }
}

/** Changes bytes, letters of the text's own alphabet, or joins two texts. */
function makeText(seeds: readonly string[], random: Random): string {
  const text = random.pick(seeds);
  if (random.oneIn(3)) return mutateOften(Buffer.from(text), random, 4).toString("utf8");
  const at = random.below(text.length + 1);
  const other = random.pick(seeds);
  if (random.oneIn(3)) return text.slice(0, at) + other.slice(random.below(other.length + 1));
  const letter = text.charAt(random.below(Math.max(1, text.length)));
  return text.slice(0, at) + letter + text.slice(at + random.below(3));
}
