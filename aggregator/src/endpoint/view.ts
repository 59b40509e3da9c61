/**
 * What one endpoint shows: its list of tools and its instructions, made from the part of the catalogue that it serves. Decides
 * when clients should read the list again; beside search that is rare, because models' caches break with every change.
 */
import type { Era, JsonObject } from "@outrigger/mcp";
import type { ToolEntry } from "../catalog/entry.ts";
import { answersSearch, pickPinned, wantedForm, type Exposure, type ListForm } from "../plan/exposure.ts";
import { holdValue } from "../plan/held.ts";
import { describeCatalogue } from "../search/describe.ts";
import type { State } from "../state/state.ts";
import type { Decision } from "./decide.ts";
import { presentTools } from "./present-tools.ts";
import { callToolDefinition } from "./tools/call-tool.ts";
import { describeToolDefinition } from "./tools/describe-tool.ts";
import { defineFindTool } from "./tools/find-tool.ts";
import { listServersDefinition } from "./tools/list-servers.ts";

/**
 * What a view is made from. `about`: what the endpoint is for, in the words of who set it up; `describeEveryMs`: shortest time between two
 * texts of `find_tool`, and between two forms of an automatic list.
 */
export interface ViewOptions {
  readonly state: Pick<State, "catalogue" | "index" | "isSettled">;
  readonly decision: Decision;
  readonly exposure: Exposure;
  readonly about?: string | undefined;
  /** In place of the sentences that go with the exposure. */
  readonly writeInstructions?: (() => string) | undefined;
  readonly nowMs: () => number;
  readonly describeEveryMs?: number | undefined;
}

/** One endpoint's view. */
export interface EndpointView {
  /** Whether the search tools are answered, whichever list is shown. */
  readonly hasSearch: boolean;
  readonly instructions: string;
  /** The tools to list, ordered by name. Equal as long as nothing changes. */
  readonly listTools: (era: Era) => readonly JsonObject[];
  /** Brings the view up to the state; true where clients should read the list again. */
  readonly refresh: () => boolean;
  /** Milliseconds until a change that is held back may be shown; undefined where none is. */
  readonly heldBackMs: () => number | undefined;
}

const defaultDescribeEveryMs = 10 * 60_000;

const searchInstructions =
  "This endpoint leads to the tools of many servers. Use find_tool with a description of the task, then call_tool with the " +
  "name of a result and arguments that fit its inputSchema. describe_tool gives a tool's full definition, list_servers what " +
  "there is.";
const pinnedInstructions = "Tools that are listed beside these can be called by their names.";
const directInstructions = "This endpoint offers the tools of many servers; a tool's name begins with its server's.";
const autoInstructions =
  "This endpoint offers the tools of several servers. Where find_tool is listed, use it with a description of the task, then call_tool " +
  "with the name of a result and arguments that fit its inputSchema. Every other tool that is listed can be called by its name.";

/** What is shown at one moment. Two shows with equal members have equal lists. */
interface Shown {
  readonly form: ListForm;
  /** The text of `find_tool`; empty where it is not listed. */
  readonly text: string;
  /** Servers' tools that are listed. */
  readonly tools: readonly ToolEntry[];
}

/** Creates the view of an endpoint. */
export function createView(options: ViewOptions): EndpointView {
  const { state, decision, exposure, nowMs, describeEveryMs: everyMs = defaultDescribeEveryMs } = options;
  // Until all servers were heard for the first time the list may change freely: it was never complete.
  const bounds = { everyMs, nowMs, isFree: () => !state.isSettled() };
  const form = holdValue<ListForm>(bounds);
  const text = holdValue<string>(bounds);
  const readVisible = rememberLast(state.catalogue, ({ tools }) => tools.filter(decision.mayCall));
  const readPinned = rememberLast(readVisible, (visible) => pickPinned(exposure, visible));
  const describe = rememberLast(state.index, (index) => describeCatalogue(index, decision.mayCall));
  const present = rememberLast(look, presentShown);

  let shown: Shown | undefined;
  function look(): Shown {
    const visible = readVisible();
    const isDirect = form.offer(wantedForm(exposure, visible.length)) === "direct";
    const next: Shown = isDirect
      ? { form: "direct", text: "", tools: visible }
      : { form: "search", text: text.offer(describe()), tools: readPinned() };
    if (shown === undefined || !isSameShow(shown, next)) shown = next;
    return shown;
  }

  let told = look();
  return {
    hasSearch: answersSearch(exposure),
    get instructions() {
      return options.writeInstructions?.() ?? writeInstructions(options);
    },
    listTools: (era) => present()[era],
    refresh: () => {
      const before = told;
      told = look();
      return told !== before;
    },
    heldBackMs: () => {
      const waits = [form.waitMs(), ...(told.form === "search" ? [text.waitMs()] : [])].filter(
        (each) => each !== undefined,
      );
      return waits.length === 0 ? undefined : Math.min(...waits);
    },
  };
}

function writeInstructions({ exposure: { mode, pinned }, about }: ViewOptions): string {
  const byMode = {
    search: searchInstructions,
    direct: directInstructions,
    hybrid: `${searchInstructions} ${pinnedInstructions}`,
    auto: pinned.length > 0 ? `${autoInstructions} ${pinnedInstructions}` : autoInstructions,
  };
  return about === undefined ? byMode[mode] : `${about}\n\n${byMode[mode]}`;
}

function isSameShow(a: Shown, b: Shown): boolean {
  if (a.form !== b.form || a.text !== b.text || a.tools.length !== b.tools.length) return false;
  return a.tools === b.tools || a.tools.every((tool, at) => isSameTool(tool, b.tools[at]));
}

/** The catalogue keeps the identity of lists that did not change; in one that did most tools are as they were. */
function isSameTool(a: ToolEntry, b: ToolEntry | undefined): boolean {
  if (a === b || b === undefined) return a === b;
  return a.publicName === b.publicName && JSON.stringify(a.definition) === JSON.stringify(b.definition);
}

type Lists = Readonly<Record<Era, readonly JsonObject[]>>;

function presentShown({ form, text, tools }: Shown): Lists {
  const own =
    form === "direct" ? [] : [callToolDefinition, describeToolDefinition, defineFindTool(text), listServersDefinition];
  return presentTools(own, tools);
}

/** A function of what is read now, computed again only where that is another thing. */
function rememberLast<T, R>(read: () => T, compute: (value: T) => R): () => R {
  let last: { readonly from: T; readonly to: R } | undefined;
  return () => {
    const from = read();
    if (last === undefined || last.from !== from) last = { from, to: compute(from) };
    return last.to;
  };
}
