/** Text of users as messages show it: nothing of it moves the cursor, hides letters or turns the direction of reading. */

/** Controls, formats (zero width, direction), lone surrogates, private and unassigned code points, line separators. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu;
const notAscii = /[^\x20-\x7E]/gu;

const escape = (letter: string): string => {
  const code = letter.codePointAt(0) ?? 0;
  return code > 0xff_ff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
};

/** The text with everything that can't be seen written as `\uXXXX`. */
export function toPrintable(text: string): string {
  return text.replace(unprintable, escape);
}

/** A key, which is ASCII where it is right: letters that look like others show as what they are. At most 64 characters. */
export function toPrintableKey(key: string): string {
  const text = key.slice(0, 64).replace(notAscii, escape);
  return text.length > 64 ? `${text.slice(0, 61)}...` : text;
}
