/** Fits request and limit of one resource into bounds, as near to what they were as the bounds allow. Pure. */
import { readQuantity } from "@outrigger/webhook/inject";

/** Quantities as manifests write them; absent members bound nothing. `ratio`: of limit to request. */
export interface Bounds {
  readonly least: string | undefined;
  readonly most: string | undefined;
  readonly ratio: string | undefined;
}

/** What a container asks for of one resource. */
export interface Asked {
  readonly request: string | undefined;
  readonly limit: string | undefined;
}

type Unit = "cpu" | "memory";

const isMore = (a: string | undefined, b: string | undefined): boolean => {
  const [left, right] = [readQuantity(a), readQuantity(b)];
  // Amounts are given to the thousandth of a core and to the byte.
  return left !== undefined && right !== undefined && left > right * (1 + 1e-9);
};

/** True where nothing has to change. */
export function isWithin(asked: Asked, bounds: Bounds, unit: Unit): boolean {
  const fitted = fit(asked, [bounds], unit);
  return fitted.request === asked.request && fitted.limit === asked.limit;
}

/** The nearest that all bounds allow. Bounds that contradict each other can't be met. */
export function fit({ request, limit }: Asked, all: readonly Bounds[], unit: Unit): Asked {
  const pick = (values: readonly (string | undefined)[], isBetter: (a: string, b: string) => boolean) =>
    values.reduce(
      (best, value) => (best === undefined || (value !== undefined && isBetter(value, best)) ? value : best),
      undefined,
    );
  const least = pick(
    all.map((each) => each.least),
    (a, b) => isMore(a, b),
  );
  const most = pick(
    all.map((each) => each.most),
    (a, b) => isMore(b, a),
  );
  const ratio = pick(
    all.map((each) => each.ratio),
    (a, b) => isMore(b, a),
  );
  const clamp = (value: string | undefined): string | undefined => {
    if (value === undefined) return undefined;
    if (isMore(least, value)) return least;
    return isMore(value, most) ? most : value;
  };
  const top = clamp(limit);
  const bottom = clamp(request);
  const start = isMore(bottom, top) ? top : bottom;
  return narrow({ request: start, limit: top }, ratio, unit);
}

/** The least CPU limit with which the sidecar starts in a second or two, in cores. */
const leastCpuLimit = 0.1;

/** Brings limit and request together: of memory the request goes up, of CPU the limit comes down first, as it is only an upper bound. */
function narrow({ request, limit }: Asked, ratio: string | undefined, unit: Unit): Asked {
  const [from, to, most] = [readQuantity(request), readQuantity(limit), readQuantity(ratio)];
  if (from === undefined || to === undefined || most === undefined || from === 0) return { request, limit };
  if (to / from <= most * (1 + 1e-9)) return { request, limit };
  if (unit === "memory") return { request: atMost(spell(to / most, unit), limit), limit };
  const lower = Math.min(to, Math.max(from * most, leastCpuLimit));
  const nextLimit = lower === to ? limit : `${Math.floor(lower * 1_000 + 1e-6)}m`;
  return {
    request: lower / from <= most * (1 + 1e-9) ? request : atMost(spell(lower / most, unit), nextLimit),
    limit: nextLimit,
  };
}

/** Rounded up. */
function spell(amount: number, unit: Unit): string {
  return unit === "cpu" ? `${Math.ceil(amount * 1_000 - 1e-6)}m` : `${Math.ceil(amount / 2 ** 20 - 1e-6)}Mi`;
}

const atMost = (value: string, limit: string | undefined): string =>
  limit !== undefined && isMore(value, limit) ? limit : value;
