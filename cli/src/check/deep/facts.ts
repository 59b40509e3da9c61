/** What a client met at the endpoint: plain data, gathered by try-endpoint.ts, judged by judge.ts. */

/** One step that a client took: what came of it, or why nothing did. */
export type Step<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };

/** How the endpoint introduced itself. */
export interface Greeting {
  readonly name: string;
  readonly version: string;
  readonly revisions: readonly string[];
}

/** A search: which tool was looked for, by which words, and what was found. */
export interface Searched {
  readonly wanted: string;
  readonly words: string;
  readonly found: readonly string[];
}

/** A filter: what it was set to, how many tools it left, and which of these it should have left out. */
export interface Filtered {
  readonly by: string;
  readonly left: number;
  readonly strays: readonly string[];
}

/** A tool that an annotation denies: is it listed, and what did a call of it come to? */
export interface Hidden {
  readonly name: string;
  readonly isListed: boolean;
  readonly wasCalled: boolean;
}

/** Everything that was tried. Members are absent where the installation has nothing to try them on. */
export interface DeepFacts {
  readonly url: string;
  readonly greeting: Step<Greeting>;
  readonly listed?: Step<{ readonly offered: number; readonly total: number }>;
  readonly searched?: Step<Searched>;
  readonly described?: Step<{ readonly name: string; readonly server: string }>;
  readonly filtered?: Step<readonly Filtered[]>;
  readonly hidden?: Step<Hidden>;
}
