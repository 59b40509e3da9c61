/** Compares values as the API server keeps them: the order of members and an empty list are without meaning. Pure. */

/** A text that is equal for equal values: members in order, absent ones and empty lists left out. Lists keep their order. */
export function toCanonical(value: unknown): string {
  return JSON.stringify(simplify(value) ?? null);
}

function simplify(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => simplify(item) ?? null);
  if (typeof value !== "object" || value === null) return value ?? undefined;
  const members = Object.entries(value)
    .map(([key, member]) => [key, simplify(member)] as const)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members);
}
