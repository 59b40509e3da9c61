/**
 * Puts variables into texts: `${NAME}`, `${NAME:-default}`, `${env:NAME}`, as editors and shells write them.
 * A missing variable is a problem, never an empty text. No escape: a text that must hold `${` takes it from a variable.
 */

/** The variables that may be named. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Outcome: the text with its variables put in, or what was expected instead of each that could not be. */
export type Resolved =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly expected: readonly string[] };

const reference = /\$\{([^}]*)\}/g;
const form = /^(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/** Resolves every reference of one text. A default is taken where the variable is not set or empty. */
export function resolveVariables(text: string, variables: Variables): Resolved {
  const expected: string[] = [];
  const resolved = text.replace(reference, (whole, inside: string) => {
    const match = form.exec(inside);
    if (match?.[1] === undefined) {
      expected.push(`\${NAME}, \${NAME:-default} or \${env:NAME} in place of ${whole}`);
      return whole;
    }
    const [, name, fallback] = match;
    const value = variables[name];
    if (fallback !== undefined) return value === undefined || value === "" ? fallback : value;
    if (value === undefined) expected.push(`the environment variable ${name} to be set, or a default: \${${name}:-…}`);
    return value ?? whole;
  });
  return expected.length > 0 ? { ok: false, expected } : { ok: true, text: resolved };
}
