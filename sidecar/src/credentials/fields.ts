/** Reads the members of one object strictly: what nobody asked for is a problem. Problems have paths and repeat no value. */

/** Told of each problem: where it is, seen from the object, and what was expected there. */
export type Report = (path: readonly (string | number)[], expected: string) => void;

/** The members of one object. */
export interface Fields {
  readonly names: () => readonly string[];
  /** The raw value, which is known from now on. */
  readonly take: (key: string) => unknown;
  readonly text: (key: string, form: RegExp, expected?: string) => string | undefined;
  readonly optionalText: (key: string, fits: (text: string) => boolean, expected: string) => string | undefined;
  /** A list of texts; empty where it is not given. */
  readonly texts: (key: string, form: RegExp, expected: string) => readonly string[];
  /** An object with one member, `file`. */
  readonly file: (key: string) => { readonly file: string } | undefined;
  /** The same, of this object's own member. */
  readonly ownFile: () => { readonly file: string } | undefined;
  readonly refuseOthers: () => void;
  /** Whether one of these members had a problem. */
  readonly hasProblem: (...keys: readonly string[]) => boolean;
}

/** The members of a value; undefined, with a problem, where it is no object. */
export function readFields(value: unknown, tell: Report, expected = "an object"): Fields | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    tell([], expected);
    return undefined;
  }
  const members = new Map<string, unknown>(Object.entries(value));
  const known = new Set<string>();
  const bad = new Set<string>();
  const report: Report = (path, what) => {
    if (typeof path[0] === "string") bad.add(path[0]);
    tell(path, what);
  };
  const take = (key: string): unknown => {
    known.add(key);
    return members.get(key);
  };
  const readText = (key: string, fits: (text: string) => boolean, what: string): string | undefined => {
    const text = take(key);
    if (typeof text === "string" && fits(text)) return text;
    report([key], what);
    return undefined;
  };
  const ownFile = (): { readonly file: string } | undefined => {
    const file = readText("file", (text) => text !== "" && !text.includes("\0"), "the name of a file");
    return file === undefined ? undefined : { file };
  };
  return {
    names: () => [...members.keys()],
    take,
    text: (key, form, what = "a text") => readText(key, (text) => form.test(text), what),
    optionalText: (key, fits, what) => (take(key) === undefined ? undefined : readText(key, fits, what)),
    texts: (key, form, what) => {
      const list = take(key) ?? [];
      if (!Array.isArray(list)) report([key], `a list of ${what}`);
      else {
        const isText = (each: unknown): each is string => typeof each === "string" && form.test(each);
        list.forEach((each: unknown, at) => {
          if (!isText(each)) report([key, at], what);
        });
        return list.filter(isText);
      }
      return [];
    },
    file: (key) => {
      const inner = readFields(take(key), (path, what) => report([key, ...path], what), '{"file": "NAME"}');
      const file = inner?.ownFile();
      inner?.refuseOthers();
      return file;
    },
    ownFile,
    refuseOthers: () => {
      const others = [...members.keys()].filter((key) => !known.has(key));
      for (const key of others) report([key], `no such key; known are ${[...known].join(", ")}`);
    },
    hasProblem: (...keys) => keys.some((key) => bad.has(key)),
  };
}

/** Whether a text is an absolute address of HTTP without a name and password in it. */
export function isHttpUrl(text: string): boolean {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === "" && password === "";
}
