/** Lets JSON with comments be read as JSON: comments become blanks, so that every other character keeps its line and column. */

const stringOrComment = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

/** Blanks `//` and block comments outside of strings. Text that does not start as a JSON object is returned unchanged. */
export function blankComments(text: string): string {
  if (!/^\uFEFF?(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*\{/.test(text)) return text;
  return text.replace(stringOrComment, (found) => (found.startsWith('"') ? found : found.replace(/[^\n]/g, " ")));
}
