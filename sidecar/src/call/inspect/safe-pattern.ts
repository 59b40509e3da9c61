/**
 * Regular expressions of servers' schemas, run on texts of callers: only those whose time is bounded. Time grows with the text's length to
 * the power of the repetitions without end that may stand next to each other; two are let through, on texts that are not too long.
 */

/** Of longer texts nobody can say in time whether they fit, so they do not. */
const maxChars = 8_192;

/** What the schema library asks of an expression. */
interface Pattern {
  readonly test: (text: string) => boolean;
}

/** Compiles a pattern. Throws where its time is not bounded, which makes the schema one that can't be checked. */
export function createSafePattern(source: string, flags: string): Pattern {
  const problem = findProblem(source);
  if (problem !== undefined) throw new Error(`the pattern ${JSON.stringify(source.slice(0, 64))} ${problem}`);
  const expression = new RegExp(source, flags);
  return { test: (text) => text.length <= maxChars && expression.test(text) };
}

function findProblem(source: string): string | undefined {
  // Without escapes and classes, whose content repeats nothing.
  const bare = source.replace(/\\./gsu, "x").replace(/\[[^\]]*\]/gu, "c");
  if (/\\[1-9k]/u.test(source)) return "refers back, which takes time without bound";
  if (/\)(?:[*+]|\{\d+,?\d*\})/u.test(bare)) return "repeats a group, which can take time without bound";
  if (/\(\?[=!<]/u.test(bare)) return "looks ahead or behind, which can take time without bound";
  const endless = bare.match(/[*+]|\{\d+,\}/gu)?.length ?? 0;
  const starts = bare.startsWith("^") ? 0 : 1;
  return endless + starts > 2 ? "repeats more than twice without end, which takes too long" : undefined;
}
