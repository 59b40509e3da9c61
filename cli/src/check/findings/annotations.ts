/** Judges labels and annotations of ours: those that nobody reads where they stand, and those whose values are not right. Pure. */
import type { Facts, KeyFault } from "../facts.ts";
import { count, createFinding, type Finding } from "../finding.ts";
import { judgeLook } from "../look.ts";

/** One finding over all of them. */
export function judgeAnnotations({ workloads, keyFaults }: Facts): readonly Finding[] {
  const ofWorkloads = workloads.ok ? workloads.value.flatMap(({ faults }) => faults) : [];
  return judgeLook("annotations", keyFaults, (others) => judge([...others, ...ofWorkloads]));
}

function judge(faults: readonly KeyFault[]): readonly Finding[] {
  if (faults.length === 0) return [createFinding("annotations", "ok", "every label and annotation of ours is read")];
  const mends = faults.map(({ mend }) => mend).filter((mend) => mend !== "");
  const byHand = mends.length < faults.length ? ["mend by hand what has no command here"] : [];
  return [
    createFinding("annotations", "warning", {
      message: `${count(faults.length, "label or annotation", "labels or annotations")} without effect`,
      objects: faults.map(({ object, text }) => `${object}: ${text}`),
      next: [...new Set(mends), ...byHand].join("\n"),
    }),
  ];
}
