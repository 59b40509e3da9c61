/** Takes `--color` out of a command line, wherever it stands: it means the same for every verb. */
import type { ColorChoice } from "./io.ts";

const choices: readonly ColorChoice[] = ["auto", "always", "never"];

/** The choice and the words without it. What stands behind `--` belongs to another program and is left alone. */
export function readColorChoice(argv: readonly string[]): {
  readonly color: ColorChoice;
  readonly rest: readonly string[];
} {
  const split = argv.indexOf("--");
  const own = split < 0 ? argv : argv.slice(0, split);
  const isChoice = (word: string): boolean => choices.some((choice) => word === `--color=${choice}`);
  const color = choices.find((choice) => own.findLast(isChoice) === `--color=${choice}`) ?? "auto";
  return { color, rest: [...own.filter((word) => !isChoice(word)), ...argv.slice(own.length)] };
}
