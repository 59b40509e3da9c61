/** The sidecar's benchmark as runBench takes it. */
import type { Benched } from "../run-bench.ts";
import { toJson } from "../report/json.ts";
import { replacePart } from "../report/parts.ts";
import { formatPage } from "../report/page.ts";
import { formatReport } from "../report/text.ts";
import { shippedFlags } from "./lineup.ts";
import type { BenchPlan } from "./plan.ts";
import { benchSidecar } from "./run.ts";

/** Prepares a run of a plan. */
export function prepareSidecar(plan: Omit<BenchPlan, "onProgress">): Benched {
  return {
    plan,
    flags: shippedFlags,
    bench: (listener) => benchSidecar(plan, listener),
    toText: formatReport,
    toJson,
    writeInto: (page, ...told) => replacePart(page, "sidecar", formatPage(...told)),
  };
}
