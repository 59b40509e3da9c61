/** Judges what a client met at the endpoint. Pure. Stage before: try-endpoint.ts. */
import { count, createFinding, type Area, type Finding } from "../finding.ts";
import type { DeepFacts, Filtered, Hidden, Searched, Step } from "./facts.ts";

/** One finding per step, in the order of the steps. */
export function judgeDeep({
  url,
  greeting,
  listed,
  searched,
  described,
  filtered,
  hidden,
}: DeepFacts): readonly Finding[] {
  return [
    ...judgeStep("connection", greeting, ({ name, version, revisions }) =>
      createFinding("connection", "ok", `${name} ${version} at ${url} speaks MCP ${revisions.join(", ")}`),
    ),
    ...judgeStep("tools", listed, ({ offered, total }) =>
      total === 0
        ? createFinding("tools", "note", "no server has a tool yet, so search, details and filters were not tried")
        : createFinding("tools", "ok", `${count(offered, "tool")} offered to clients, ${total} in the catalogue`),
    ),
    ...judgeStep("search", searched, judgeSearch),
    ...judgeStep("details", described, ({ name, server }) => createFinding("details", "ok", `${name} of ${server}`)),
    ...judgeStep("filters", filtered, judgeFilters),
    ...judgeStep("policy", hidden, judgeHidden),
  ];
}

function judgeStep<T>(area: Area, step: Step<T> | undefined, judge: (value: T) => Finding): readonly Finding[] {
  if (step === undefined) return [];
  if (step.ok) return [judge(step.value)];
  return [createFinding(area, "problem", { message: step.why, next: "see the aggregator's log" })];
}

function judgeSearch({ wanted, words, found }: Searched): Finding {
  const place = found.indexOf(wanted) + 1;
  if (place > 0) return createFinding("search", "ok", `${wanted} is result ${place} for its own words`);
  const next = `outrigger search ${JSON.stringify(words)}`;
  return createFinding("search", "problem", {
    message: `${wanted} is not found by its own words`,
    objects: found,
    next,
  });
}

function judgeFilters(tried: readonly Filtered[]): Finding {
  const wrong = tried.filter(({ left, strays }) => left === 0 || strays.length > 0);
  if (wrong.length === 0)
    return createFinding("filters", "ok", tried.map(({ by, left }) => `${by}: ${count(left, "tool")}`).join("; "));
  const objects = wrong.map(
    ({ by, strays }) => `${by}: ${strays.length === 0 ? "nothing is left" : strays.join(", ")}`,
  );
  return createFinding("filters", "problem", {
    message: "a filter leaves the wrong tools",
    objects,
    next: "see the aggregator's log",
  });
}

function judgeHidden({ name, isListed, wasCalled }: Hidden): Finding {
  if (!isListed && !wasCalled)
    return createFinding("policy", "ok", `${name}, which an annotation denies, is neither listed nor callable`);
  const message = `${name}, which an annotation denies, ${isListed ? "is listed" : "can be called"}`;
  return createFinding("policy", "problem", {
    message,
    next: "check again in a minute: an annotation takes seconds to be in force",
  });
}
