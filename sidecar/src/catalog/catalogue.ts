/**
 * Keeps the catalogue of one server up to date, in this order: connect -> list -> filter -> digest -> publish -> watch.
 * The only file of the folder that knows the order, and when each of them happens.
 */
import type { FeedState, ServerIdentity } from "@outrigger/api/feed";
import type { ClientInfo, Era } from "@outrigger/mcp";
import type { CompiledPolicy, Subject, View } from "@outrigger/policy";
import type { Logger } from "@outrigger/runtime/logger";
import type { ServerAccess } from "./ask.ts";
import { connect, disconnect, type Connection, type Detection } from "./connect.ts";
import type { DefinitionBook } from "./definition-book.ts";
import { digestCatalogue, type CatalogueContent } from "./digest.ts";
import { filterCatalogue } from "./filter.ts";
import { describeForCallers } from "./for-callers.ts";
import { hasSessionEnded, listServer, type Listed } from "./list.ts";
import type { Publisher, ServerFacts } from "./publish.ts";
import { canWatch, openWatch, type Watch } from "./watch.ts";

/** What became of an attempt to list. `unreachable`: no answer at all. */
export type ListOutcome =
  | { readonly kind: "listed" }
  | { readonly kind: "unauthorized" | "unlisted" | "unreachable"; readonly message: string };

/** What the catalogue needs. Times in ms; `wallNow` is the Unix epoch, `now` any steady clock. */
export interface CatalogueOptions {
  readonly access: ServerAccess;
  readonly transport: "http" | "stdio";
  /** Present where nobody said how a server over HTTP speaks. */
  readonly detection?: Detection | undefined;
  readonly clientInfo: ClientInfo;
  readonly policy: () => CompiledPolicy;
  readonly publisher: Pick<Publisher, "setFacts" | "setCatalogue" | "setFindings">;
  /** Definitions of tools as they were seen; without it nothing is pinned. */
  readonly book?: DefinitionBook;
  /** What is known of a subject besides its name. */
  readonly viewOf?: (subject: Subject) => View;
  /** Whether anybody may vouch for callers: without it nobody sees more than nobody in particular. */
  readonly knowsCallers?: () => boolean;
  /** Longest time between two lists. */
  readonly relistMs: number;
  /** Pause after a failed attempt: doubles from the first to the second. */
  readonly retryMs: { readonly minMs: number; readonly maxMs: number };
  readonly now: () => number;
  readonly wallNow: () => number;
  readonly logger: Logger;
  readonly onOutcome: (outcome: ListOutcome) => void;
}

/** The catalogue of one server. */
export interface ServerCatalogue {
  readonly start: () => void;
  /** Lists again soon; several wishes within a moment are one. */
  readonly relist: (cause: string) => void;
  /** Publishes what policy leaves of the last list, without asking the server. */
  readonly refilter: () => void;
  /** The connection of now with its stream's state; undefined while there is none. */
  readonly connection: () => { readonly connection: Connection; readonly isWatching: boolean } | undefined;
  /** What the server listed last, before policy; undefined before the first list. */
  readonly content: () => CatalogueContent | undefined;
  /** Names of all tools that the server listed last, before policy: what metrics may use as labels. */
  readonly knowsTool: (name: string) => boolean;
  readonly close: () => Promise<void>;
}

/** Changes often come in groups: so long a group is awaited. */
const settleMs = 100;
/** A server that tells of changes without end is not listed without end. */
const leastBetweenListsMs = 1_000;
/** How long the era of a server is believed without asking. */
const eraTrustMs = 3_600_000;
/** A stream that lived so long ended for a reason of its own: opening it again is no retry. */
const steadyWatchMs = 10_000;

/** Creates the catalogue; nothing is asked before `start`. */
export function createCatalogue(options: CatalogueOptions): ServerCatalogue {
  const { publisher, logger, now } = options;
  let open: Open | undefined;
  let content: CatalogueContent | undefined;
  let facts: ServerFacts | undefined;
  let isEmptyAnnounced = false;
  let toolNames: ReadonlySet<string> = new Set();
  let knownEra: { readonly era: Era; readonly untilMs: number } | undefined;
  let failures = 0;
  let flaps = 0;
  let isClosed = false;
  let work: Promise<void> = Promise.resolve();
  let listedAtMs = Number.NEGATIVE_INFINITY;
  let due: { readonly atMs: number; readonly timer: NodeJS.Timeout } | undefined;

  const schedule = (delayMs: number): void => {
    const atMs = now() + delayMs;
    if (isClosed || (due !== undefined && due.atMs <= atMs)) return;
    clearTimeout(due?.timer);
    due = { atMs, timer: setTimeout(run, delayMs).unref() };
  };
  const scheduleSoon = (): void => schedule(Math.max(settleMs, listedAtMs + leastBetweenListsMs - now()));
  const run = (): void => {
    due = undefined;
    work = work.then(attempt).then((isListed) => {
      failures = isListed ? 0 : failures + 1;
      schedule(isListed ? options.relistMs : pauseAfter(failures));
    });
  };
  const pauseAfter = (count: number): number =>
    Math.min(options.retryMs.maxMs, options.retryMs.minMs * 2 ** Math.min(count - 1, 20));

  const report = (outcome: ListOutcome): false => {
    const message = outcome.kind === "listed" ? "" : outcome.message;
    logger.warn({ kind: outcome.kind, detail: message }, "the server's catalogue could not be read");
    publisher.setCatalogue({ reason: "ListFailed", message, atMs: options.wallNow() });
    options.onOutcome(outcome);
    return false;
  };
  /** Publishes what policy leaves; undefined where it has no digest. */
  const publish = (listed: CatalogueContent, notes: readonly string[]): string | undefined => {
    const visible = filterCatalogue(listed, options.policy(), options.viewOf);
    const digest = digestCatalogue(visible);
    if (digest === undefined) return undefined;
    const counts = `${visible.tools.length} of ${listed.tools.length} tools are visible`;
    const outcome: FeedState["catalogue"] = {
      reason: listed.limited ? "CatalogLimited" : "CatalogueListed",
      message: [counts, ...notes].join("; "),
      atMs: options.wallNow(),
    };
    const forCallers =
      options.knowsCallers?.() === true ? describeForCallers(listed, options.policy(), options.viewOf) : undefined;
    publisher.setCatalogue(outcome, { digest, ...visible }, forCallers);
    publisher.setFindings(options.book?.findings() ?? []);
    return digest;
  };
  const tellFacts = (): void => {
    if (facts === undefined) return;
    const isKept = options.policy().answers?.dropsInstructions !== true;
    publisher.setFacts(isKept ? facts : withoutInstructions(facts));
  };
  const leave = (): void => {
    const left = open;
    open = undefined;
    left?.watch?.close();
    if (left !== undefined) void disconnect(left.connection);
  };
  /**
   * Without a stream a session over HTTP has no use until the next list, and without a session there is nothing to end.
   * Over stdio a session is a process: keeping it costs less than starting one for every list, and shows that it lives.
   */
  const hasEnd = ({ sessionId }: Connection): boolean => options.transport === "http" && sessionId !== undefined;
  const startWatch = (opened: Open): void => {
    const openedAtMs = now();
    opened.watch = openWatch(opened.connection, {
      onChange: scheduleSoon,
      onEnd({ isRefused }) {
        if (open !== opened) return;
        opened.watch = undefined;
        opened.isWatchRefused = isRefused;
        flaps = now() - openedAtMs >= steadyWatchMs ? 0 : flaps + 1;
        if (!isRefused) schedule(pauseAfter(flaps + 1));
        else if (!opened.isListing && hasEnd(opened.connection)) leave();
      },
    });
  };
  const enter = async (): Promise<Open | undefined> => {
    const trusted = knownEra !== undefined && knownEra.untilMs > now() ? knownEra.era : undefined;
    const connected = await connect({ ...options, knownEra: trusted });
    knownEra = undefined;
    if (!connected.ok) {
      report({ kind: connected.kind === "answers" ? "unlisted" : connected.kind, message: connected.message });
      return undefined;
    }
    const { connection } = connected;
    knownEra = { era: connection.era, untilMs: now() + eraTrustMs };
    return { connection, watch: undefined, isWatchRefused: !canWatch(connection), isListing: false };
  };
  const listOn = async (opened: Open): Promise<boolean | "session ended"> => {
    // The stream first: a change after the list and before the stream would be missed.
    if (opened.watch === undefined && !opened.isWatchRefused) startWatch(opened);
    opened.isListing = true;
    listedAtMs = now();
    const listed = await listServer(opened.connection);
    opened.isListing = false;
    if (isClosed) return false;
    if (!listed.ok) {
      leave();
      if (opened.connection.sessionId !== undefined && hasSessionEnded(listed.reply)) return "session ended";
      return report({ kind: outcomeOf(listed.reply), message: listed.message });
    }
    if (opened.isWatchRefused && hasEnd(opened.connection)) leave();
    return take(opened.connection, listed);
  };
  /** Takes a list over, unless it can't be believed or published. */
  const take = ({ identity, era, version }: Connection, listed: Extract<Listed, { ok: true }>): boolean => {
    const isEmptied = listed.content.tools.length === 0 && content !== undefined && content.tools.length > 0;
    // An empty list after a full one is more often a fault than a wish: it counts when it comes twice.
    isEmptyAnnounced = isEmptied && !isEmptyAnnounced;
    if (isEmptyAnnounced)
      return report({ kind: "unlisted", message: "the list came back empty; it is asked for again" });
    options.book?.observe(listed.content.tools);
    if (publish(listed.content, listed.notes) === undefined) {
      return report({ kind: "unlisted", message: "the server's list is nested too deeply" });
    }
    content = listed.content;
    toolNames = new Set(content.tools.flatMap(({ name }) => (typeof name === "string" ? [name] : [])));
    facts = { identity, era, protocolVersion: version };
    tellFacts();
    options.onOutcome({ kind: "listed" });
    return true;
  };
  const attempt = async (): Promise<boolean> => {
    const tries = open === undefined ? 1 : 2;
    for (let tried = 0; tried < tries && !isClosed; tried++) {
      open ??= await enter();
      if (open === undefined) return false;
      const outcome = await listOn(open);
      if (outcome !== "session ended") return outcome;
    }
    return isClosed
      ? false
      : report({ kind: "unlisted", message: "the server ended a session that it had just opened" });
  };

  return {
    start: () => schedule(0),
    relist(cause) {
      logger.debug({ cause }, "the server is listed again");
      scheduleSoon();
    },
    refilter() {
      tellFacts();
      if (content !== undefined) publish(content, []);
    },
    connection: () =>
      open === undefined ? undefined : { connection: open.connection, isWatching: open.watch?.isOpen() === true },
    content: () => content,
    knowsTool: (name) => toolNames.has(name),
    async close() {
      isClosed = true;
      clearTimeout(due?.timer);
      const left = open;
      open = undefined;
      left?.watch?.close();
      if (left !== undefined) await disconnect(left.connection);
    },
  };
}

/** What is meant for models goes to search too: there it may name what policy hides as well. */
function withoutInstructions({ identity, ...facts }: ServerFacts): ServerFacts {
  const kept: { -readonly [K in keyof ServerIdentity]: ServerIdentity[K] } = { ...identity };
  delete kept.instructions;
  return { ...facts, identity: kept };
}

/** A connection in use, with the state of its stream. */
interface Open {
  readonly connection: Connection;
  watch: Watch | undefined;
  isWatchRefused: boolean;
  isListing: boolean;
}

function outcomeOf(reply: Parameters<typeof hasSessionEnded>[0]): "unauthorized" | "unlisted" | "unreachable" {
  if (reply.type === "failure") return "unreachable";
  return reply.status === 401 || reply.status === 403 ? "unauthorized" : "unlisted";
}
