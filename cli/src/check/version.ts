/** Versions of Kubernetes and of our programs, as far as a skew is told from them. Pure. */

/** Major and minor; patches never matter here. */
export interface Version {
  readonly major: number;
  readonly minor: number;
}

/** How far two versions may be apart, in minor versions of one major. */
export const mostMinorsApart = 2;

/** Reads `v1.34.2`, `1.34.2-k3s1`, `0.1.0`; undefined for anything else. */
export function parseVersion(text: string): Version | undefined {
  const match = /^v?(\d+)\.(\d+)(?:\.|\D|$)/.exec(text);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) };
}

/** True where the first is older than `major.minor`. */
export function isOlder(version: Version, than: Version): boolean {
  return version.major === than.major ? version.minor < than.minor : version.major < than.major;
}

/** Whether two versions are further apart than is supported; a version that can't be read counts as too far. */
export function isTooFarApart(a: string, b: string): boolean {
  const [first, second] = [parseVersion(a), parseVersion(b)];
  if (first === undefined || second === undefined || first.major !== second.major) return a !== b;
  return Math.abs(first.minor - second.minor) > mostMinorsApart;
}
