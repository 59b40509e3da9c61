/** Decides which answers have to be read at all, and what is looked for in them. What is found is taken out by filter.ts. */
import type { AnswerContext } from "./answer-body.ts";
import type { ListKind } from "./decide.ts";
import type { CallDeps, Decided } from "./exchange.ts";
import { createAnswerFilter, keyOfId, type AnswerFilter } from "./filter.ts";
import { viewOfEntry } from "./inspect/look.ts";
import { isOwnTask, ownerOf } from "./tasks.ts";

/** The filter of an exchange, and whether it has to read what answers, which then is not bounded as answers to calls are. */
type Filtering = Pick<AnswerContext, "filter" | "isUnbounded">;

/**
 * Filters the answers to list requests: by id, else by shape. A GET stream may replay answers of an earlier request, and a server may
 * write an id in another way than it came. Other answers are read only where policy looks for something in them.
 */
export function chooseFilter(deps: CallDeps, exchange: Decided): Filtering | undefined {
  const lists = findLists(exchange);
  const keepTask = createTaskFilter(deps, exchange);
  const isListing = lists.size > 0 || keepTask !== undefined || isOpenStream(exchange);
  const { answers } = exchange.policy.compiled;
  if (!isListing && answers === undefined) return undefined;
  const greetings = findGreetings(exchange);
  const isUnbounded = isListing || greetings !== undefined;
  if (!isUnbounded && answers?.hidesResources !== true) return undefined;
  const { server, book } = deps;
  const filter = createAnswerFilter(() => deps.policy().compiled, {
    lists,
    byShape: isUnbounded,
    isModern: exchange.era === "modern",
    viewOf: (subject, entry) => viewOfEntry(subject, entry, { server, book, received: exchange.received }),
    greetings,
    keepTask,
  });
  return { filter: remembering(deps, exchange, filter), isUnbounded };
}

function findLists({ allowed }: Decided): ReadonlyMap<string, ListKind> {
  let lists: Map<string, ListKind> | undefined;
  for (const { item, decision } of allowed)
    if (decision.list !== undefined) (lists ??= new Map()).set(keyOfId(item.message.id), decision.list);
  return lists ?? noLists;
}

/** Most exchanges ask for none. */
const noLists: ReadonlyMap<string, ListKind> = new Map();

/** The filter of one list is asked for what it has not seen yet. */
function remembering(deps: CallDeps, { form, allowed }: Decided, filter: AnswerFilter): AnswerFilter {
  const [only] = form === "message" ? allowed : [];
  const list = only?.decision.list;
  const idBytes = only?.item.message.idBytes;
  if (deps.lists === undefined || list === undefined || idBytes === undefined) return filter;
  return deps.lists.around(filter, { policy: () => deps.policy().compiled, list, idBytes });
}

/** Streams live long: what policy does not look for in them now, it may come to look for. */
export function isOpenStream({ received, allowed }: Decided): boolean {
  return received.method === "GET" || allowed[0]?.item.message.method === "subscriptions/listen";
}

/** The requests by which a server presents itself; undefined where there is none, or nothing is taken out of the answers. */
function findGreetings({ allowed, policy }: Decided): ReadonlySet<string> | undefined {
  if (policy.compiled.answers?.dropsInstructions !== true) return undefined;
  const greetings = allowed.filter(({ item: { message } }) => greetingMethods.has(message.method ?? ""));
  return greetings.length === 0 ? undefined : new Set(greetings.map(({ item }) => keyOfId(item.message.id)));
}

const greetingMethods: ReadonlySet<string> = new Set(["initialize", "server/discover"]);

/** Which tasks of a list may be shown, where an answer may hold such a list. */
function createTaskFilter(deps: CallDeps, exchange: Decided): ((taskId: string) => boolean) | undefined {
  const { tasks } = deps;
  const isAsked =
    exchange.received.method === "GET" || exchange.allowed.some(({ item }) => item.message.method === "tasks/list");
  if (tasks === undefined || !isAsked) return undefined;
  const owner = ownerOf(exchange.received, exchange.era);
  const looker = { server: deps.server, book: deps.book, received: exchange.received };
  return (taskId) => isOwnTask(taskId, { policy: deps.policy().compiled, tasks, owner, looker });
}
