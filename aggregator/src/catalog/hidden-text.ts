/**
 * Says whether JSON holds text that a model reads and a person does not see: letters of Unicode's tag block, bytes in variation selectors, long
 * runs of characters without width, text that is turned round, escape sequences of terminals. Words that anybody can read are not judged: what
 * they mean to do is not to be told from what they say. Pure.
 */

const flags = /\u{1F3F4}[\u{E0030}-\u{E0039}\u{E0061}-\u{E007A}]{1,6}\u{E007F}/gu;
const tags = /[\u{E0000}-\u{E007F}]/u;
const selectors = /[\u{FE00}-\u{FE0F}\u{E0100}-\u{E01EF}]{2}/u;
// One of them joins letters or emoji, as it should; two or three come of careless copying.
const withoutWidth = /[\u{200B}-\u{200F}\u{2060}-\u{2064}\u{FEFF}]{4}/u;
const overrides = /[\u{202D}\u{202E}]/u;
// As JSON spells ESC; an even number of backslashes before it is text about escapes.
const escapes = /(?<!\\)(?:\\\\)*\\u001b|\u{9B}/u;

/** Judges a JSON text as `JSON.stringify` writes it. Cost: linear. */
export function holdsHiddenText(json: string): boolean {
  if ([selectors, withoutWidth, overrides, escapes].some((pattern) => pattern.test(json))) return true;
  // Flags of regions are spelled with tags.
  return tags.test(json) && tags.test(json.replace(flags, ""));
}
