/**
 * Remembers answers to questions about names, for each policy, or part of one, apart: names come back in every call, and a policy never
 * changes.
 */

/** Names kept for each. Beyond it all are forgotten: names are made by callers, and asking again costs little. */
const maxNames = 2_000;

/** Answers by policy and name. `ask` is called once for what is not remembered; it must be pure. */
export function remember<P extends object, A>(ask: (policy: P, name: string) => A): (policy: P, name: string) => A {
  const answers = new WeakMap<P, Map<string, A>>();
  return (policy, name) => {
    let known = answers.get(policy);
    if (known === undefined) {
      known = new Map<string, A>();
      answers.set(policy, known);
    }
    const remembered = known.get(name);
    if (remembered !== undefined) return remembered;
    if (known.size >= maxNames) known.clear();
    const answer = ask(policy, name);
    known.set(name, answer);
    return answer;
  };
}
