/** Objects without members that are undefined: for documents and for types that tell absent from undefined. Pure. */

/** The same members; those that may be undefined may be absent instead. */
export type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** A copy that has only the members with a value, in their order. */
export function pickDefined<T extends object>(members: T): Defined<T> {
  // What is left has the members of the type, and none that is undefined.
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<T>;
}
