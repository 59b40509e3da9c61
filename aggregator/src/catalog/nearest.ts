/**
 * Suggests names like one that was not found, by shared trigrams. Sees only the names it is given: pass those that the
 * caller may see, and what is hidden changes nothing.
 */

const leastLikeness = 0.3;
const longestRead = 128;
// A trigram is three symbols of 6 bits: letters, digits, and one symbol for separators and for the ends of a name.
const symbolBits = 6;
const trigramMask = 2 ** (3 * symbolBits) - 1;

/** What a name is compared with: which trigrams it has, its length, and the symbol of each ASCII character. */
interface Wanted {
  readonly trigrams: Uint8Array;
  readonly length: number;
  readonly symbols: Uint8Array;
}

/**
 * The `count` visible names most like `name`, best first, equal ones in byte order; fewer where few are alike.
 * Compared with the whole public name and with what follows its last `__`, because callers often leave the server out.
 * Cost: one pass over the names, some 0.5 us each.
 */
export function nearestNames(name: string, visible: Iterable<string>, count: number): readonly string[] {
  const wanted = readWanted(name.slice(0, longestRead));
  const nearest: Near[] = [];
  for (const candidate of visible) {
    const near = { name: candidate, likeness: compare(candidate, wanted) };
    const last = nearest[count - 1];
    if (near.likeness < leastLikeness || (last !== undefined && compareNear(last, near) < 0)) continue;
    nearest.push(near);
    nearest.sort(compareNear).splice(count);
  }
  return nearest.map((each) => each.name);
}

interface Near {
  readonly name: string;
  readonly likeness: number;
}

function compareNear(a: Near, b: Near): number {
  return b.likeness - a.likeness || (a.name < b.name ? -1 : 1);
}

function readWanted(name: string): Wanted {
  const symbols = Uint8Array.from({ length: 128 }, (_, code) => symbolOf(code));
  const trigrams = new Uint8Array(trigramMask + 1);
  for (let at = 0, window = 0; at <= name.length; at++) {
    window = ((window << symbolBits) | readSymbol(symbols, name, at)) & trigramMask;
    if (at > 0) trigrams[window] = 1;
  }
  return { trigrams, length: name.length, symbols };
}

/**
 * Dice coefficient (0 to 1 for names without repeated trigrams) of the whole candidate or of its own part, whichever is
 * higher. A name of n characters has n trigrams, from its first two characters to its last two.
 */
function compare(candidate: string, { trigrams, length, symbols }: Wanted): number {
  const ownStart = candidate.lastIndexOf("__") + 2;
  let inServer = 0;
  let inOwn = 0;
  for (let at = 0, window = 0; at <= candidate.length; at++) {
    window = ((window << symbolBits) | readSymbol(symbols, candidate, at)) & trigramMask;
    const hit = at > 0 ? (trigrams[window] ?? 0) : 0;
    if (at > ownStart) inOwn += hit;
    else inServer += hit;
  }
  const whole = (2 * (inServer + inOwn)) / (length + candidate.length);
  return Math.max(whole, (2 * inOwn) / (length + candidate.length - ownStart));
}

function readSymbol(symbols: Uint8Array, text: string, at: number): number {
  const code = at < text.length ? text.charCodeAt(at) : 0;
  return code < symbols.length ? (symbols[code] ?? 0) : 0;
}

/** 1 to 36 for letters of either case and digits; 0 for all else. */
function symbolOf(code: number): number {
  const lower = code | 32;
  if (lower >= 97 && lower <= 122) return lower - 96;
  return code >= 48 && code <= 57 ? code - 21 : 0;
}
