/** What a command prints, less what differs from run to run and from reader to reader. */

const settled: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // How long a limited caller waits depends on when it asks.
  [/Wait \d+ seconds?/g, "Wait N seconds"],
  // npm's own warnings are about the reader's settings.
  [/^npm warn.*\n?/gm, ""],
  [/^(LAST DEPLOYED:) .*$/gm, "$1 THEN"],
  // Pods of a Deployment bear names that are drawn.
  [/\b([a-z][a-z0-9-]*)-[a-z0-9]{8,10}-[a-z0-9]{5}\b/g, "$1-POD"],
  // The first column of events is their age.
  [/^(?:LAST SEEN|(?:\d+[dhms])+) +(TYPE|Normal|Warning) +/gm, "AGE $1 "],
];

/** Gives the text with a fixed word in place of what differs. Shape: without white space around it. */
export function settle(text: string): string {
  return settled.reduce((sofar, [pattern, replacement]) => sofar.replace(pattern, replacement), text).trim();
}
