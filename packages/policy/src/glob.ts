/** Matches tool names against globs with `*` and `?`: two cursors, linear in time for any pattern, no regular expressions. */

/**
 * Says whether `text` matches `pattern` as a whole. `*` stands for any run of characters, `?` for exactly one UTF-16 unit.
 * Cost: at most pattern length times text length steps, no allocation.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    if (pattern[next] === "*") {
      star = next++;
      resume = at;
    } else if (pattern[next] === "?" || pattern[next] === text[at]) {
      next++;
      at++;
    } else if (star >= 0) {
      next = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[next] === "*") next++;
  return next === pattern.length;
}

/** A list of globs split for speed: exact names in a set, the rest as patterns. */
export interface GlobSet {
  readonly exact: ReadonlySet<string>;
  readonly patterns: readonly string[];
}

/** Compiles a list of globs once. */
export function compileGlobs(globs: readonly string[]): GlobSet {
  const isPattern = (glob: string): boolean => glob.includes("*") || glob.includes("?");
  return { exact: new Set(globs.filter((glob) => !isPattern(glob))), patterns: [...new Set(globs.filter(isPattern))] };
}

/** Says whether any glob of the set matches. */
export function matchesAny(set: GlobSet, text: string): boolean {
  return set.exact.has(text) || set.patterns.some((pattern) => matchesGlob(pattern, text));
}

/** Says whether a set holds nothing, so that no text matches. */
export function isEmpty(set: GlobSet): boolean {
  return set.exact.size === 0 && set.patterns.length === 0;
}
