/** Texts of callers as audit lines and spans show them: cut at a bound, and a URI without the parts in which secrets travel. */

/** The longest text of a caller that is shown, in characters. */
export const maxShownLength = 256;

/** The text, or its beginning with a sign that there is more. */
export function cutText(text: string): string {
  return text.length <= maxShownLength ? text : `${text.slice(0, maxShownLength)}…`;
}

/** A URI without user, query and fragment; anything else as it is. */
export function withoutSecrets(text: string): string {
  const [address = "", ...rest] = text.split(/[?#]/u);
  const shown = address.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, "$1");
  return rest.length === 0 ? shown : `${shown}?…`;
}
