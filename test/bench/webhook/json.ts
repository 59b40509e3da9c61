/** The webhook's report for programs: ratios, which can be compared, apart from numbers, which belong to this machine and hour. Pure. */
import { toJson } from "../report/json.ts";
import { unitOf } from "../report/tables.ts";
import type { Told } from "../run-bench.ts";

/** The object of `--json`. The names of numbers end with their units. */
export function toWebhookJson(...told: Told): object {
  const { ratios, ...rest } = toJson(...told);
  const apart = Object.entries(ratios);
  return {
    ...rest,
    ratios: Object.fromEntries(apart.filter(([name]) => unitOf(name) === "x")),
    numbers: Object.fromEntries(apart.filter(([name]) => unitOf(name) !== "x")),
  };
}
