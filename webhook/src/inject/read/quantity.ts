/** Kubernetes quantities, only as far as comparing two of them needs. */

const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The number that a quantity stands for, or undefined where it is none. Manifests may hold a plain number. */
export function readQuantity(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return undefined;
  const match = /^([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)([numkMGTPE]|[KMGTPE]i)?$/.exec(value);
  const factor = match === null ? undefined : factors[match[2] ?? ""];
  return match === null || factor === undefined ? undefined : Number(match[1]) * factor;
}

/** True where two quantities mean the same amount: the API server rewrites `0.5` to `500m` and `1024Mi` to `1Gi`. */
export function isSameQuantity(a: unknown, b: unknown): boolean {
  const left = readQuantity(a);
  const right = readQuantity(b);
  if (left === undefined || right === undefined) return a === b;
  return Math.abs(left - right) <= 1e-9 * Math.max(1e-9, Math.abs(left), Math.abs(right));
}

/** True where the first quantity is larger than the second. */
export function isAbove(a: string, b: string): boolean {
  return (readQuantity(a) ?? 0) > (readQuantity(b) ?? 0);
}
