/** Asks the API server whether the programs of an installation may do what they need to, a few questions at a time. */
import { listNeededRights, type NeededRight, type Program } from "@outrigger/api/rights";
import type { ProgramFacts, Release, ReviewedRight } from "../facts.ts";
import type { Look } from "../look.ts";
import type { Cluster } from "./cluster.ts";

const programs: readonly Program[] = ["webhook", "operator", "aggregator"];
const atOnce = 8;

/** What is asked about. With `namespaces`, only rights in these and in the installation's own. */
export interface Reviewing {
  readonly release: Release;
  readonly found: Look<readonly ProgramFacts[]>;
  readonly namespaces: readonly string[] | undefined;
}

/** Asks about every right. Where one question can't be asked, the others of its kind are not tried. */
export async function reviewRights(
  cluster: Cluster,
  { release, found, namespaces }: Reviewing,
): Promise<Look<readonly ReviewedRight[]>> {
  if (!found.ok) return found;
  const asked = programs.flatMap((program) => listQuestions(program, found.value, { release, namespaces }));
  const answers: ReviewedRight[] = [];
  const unasked = new Map<string, Look<boolean>>();
  const queue = asked.values();
  const work = async (): Promise<void> => {
    for (const { right, account } of queue) {
      const place = right.namespace ?? "";
      const { verb, group, resource, name } = right;
      const where = right.namespace === undefined ? {} : { namespace: right.namespace };
      const what = { user: account, verb, group, resource, ...where, ...(name === undefined ? {} : { name }) };
      const allowed = unasked.get(place) ?? (await cluster.review(what));
      if (!allowed.ok) unasked.set(place, allowed);
      answers.push({ right, account, allowed });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const order = asked.map(({ right }) => right);
  return { ok: true, value: answers.sort((a, b) => order.indexOf(a.right) - order.indexOf(b.right)) };
}

interface Question {
  readonly right: NeededRight;
  readonly account: string;
}

function listQuestions(
  program: Program,
  found: readonly ProgramFacts[],
  { release, namespaces }: Pick<Reviewing, "release" | "namespaces">,
): readonly Question[] {
  const facts = found.find(({ component }) => component === program);
  if (facts === undefined) return [];
  const operator = found.find(({ component }) => component === "operator");
  // No variable of the webhook says what the installation is limited to.
  const { variables } = program === "webhook" ? (operator ?? facts) : facts;
  const limits = variables["OUTRIGGER_NAMESPACES"] ?? "";
  const limitedTo = limits === "" ? [] : limits.split(",").map((name) => name.trim());
  const needed = listNeededRights({ program, variables: facts.variables, own: release.namespace, limitedTo });
  const account = `system:serviceaccount:${release.namespace}:${facts.account}`;
  return needed.flatMap((right) => limitTo(right, namespaces, release)).map((right) => ({ right, account }));
}

/** The right as far as somebody may want to know who asks for some namespaces alone. */
function limitTo(
  right: NeededRight,
  namespaces: readonly string[] | undefined,
  { namespace: own }: Release,
): readonly NeededRight[] {
  if (namespaces === undefined) return [right];
  if (right.namespace !== undefined) return [...namespaces, own].includes(right.namespace) ? [right] : [];
  return right.isClusterWide ? [] : namespaces.map((namespace) => ({ ...right, namespace }));
}
