/**
 * Explains one tool: what policy says of it, what the catalogue knows, and the word for both. Takes what was read; asks nobody. The only
 * file that knows the order. Pure but for the libraries of conditions, which it is given.
 */
import { reasons, reasonList } from "@outrigger/api/reasons";
import type { CallerFacts, Engines, PolicyDocument } from "@outrigger/policy";
import type { Look } from "../../check/look.ts";
import { pickDefined } from "../defined.ts";
import type { CatalogueSight } from "./ask-aggregator.ts";
import { judgeTool, type ToolVerdict } from "./judge-tool.ts";
import type { ReadLayers } from "./layers.ts";
import type { ToolName } from "./name.ts";
import { describeCaller } from "./read-caller.ts";
import { decideOutcome, type ToolExplanation } from "./tool-explanation.ts";
import { readToolFacts } from "./tool-facts.ts";

/** What was read. `policy`: undefined where nobody's was to be read; `sight`: undefined where no catalogue was to be asked. */
export interface ToolSources {
  readonly name: ToolName;
  readonly caller: CallerFacts | undefined;
  readonly args?: { readonly value: unknown };
  /** A definition from a file; it goes before the catalogue's. */
  readonly definition?: unknown;
  readonly policy: Look<PolicySource | undefined> | undefined;
  readonly sight: Look<CatalogueSight> | undefined;
  readonly engines: Engines;
}

/** Layers, and whose they are. */
export interface PolicySource {
  readonly of: string;
  readonly layers: ReadLayers;
}

/** Explains. */
export function explainTool(sources: ToolSources): ToolExplanation {
  const { caller } = sources;
  const read = open(sources);
  const { seen, source, place, tool } = read;
  const verdict = source === undefined ? undefined : judge(source, read, sources);
  const { outcome, reason } = decideOutcome(verdict, seen);
  const word = reasonList.find((each) => each === reason) ?? "ToolUnknown";
  return {
    name: place.publicName,
    outcome,
    reason: word,
    sentence: outcome === "unknown" ? "Neither policy nor catalogue could be looked at." : reasons[word].sentence,
    caller: describeCaller(caller),
    ...pickDefined({
      tool,
      namespace: place.namespace,
      server: place.server,
      policyOf: source?.of,
      verdict,
      catalogue: seen === undefined ? undefined : describeCatalogue(seen),
      rank: seen?.rank,
    }),
    nearest: seen?.nearest ?? [],
    notes: listNotes(sources, read),
  };
}

/** What was read and could be: of the name what the catalogue tells, else what it tells by itself. */
interface Read {
  readonly seen: CatalogueSight | undefined;
  readonly source: PolicySource | undefined;
  readonly place: {
    readonly publicName: string;
    readonly namespace: string | undefined;
    readonly server: string | undefined;
  };
  /** The server's own name for the tool. */
  readonly tool: string | undefined;
}

function open({ name, policy, sight }: ToolSources): Read {
  const seen = valueOf(sight);
  const { given, namespace, server, tool } = name;
  const told = { publicName: given, namespace, server, ownName: tool, ...seen?.tool };
  return { seen, source: valueOf(policy), place: told, tool: told.ownName };
}

const valueOf = <T>(look: Look<T> | undefined): T | undefined => (look?.ok === true ? look.value : undefined);

function judge(
  { layers }: PolicySource,
  read: Read,
  { name, caller, args, definition, engines }: ToolSources,
): ToolVerdict {
  const { seen, place, tool = name.given } = read;
  const known = definition ?? seen?.tool?.definition;
  const pin = seen?.server?.pin;
  const unlisted = pin === undefined ? undefined : { pin };
  const facts = known === undefined ? unlisted : readToolFacts(known, pin ?? "Approved");
  return judgeTool(layers, { tool, view: pickDefined({ server: place.server, caller, args, tool: facts }), engines });
}

function describeCatalogue({ tool, server }: CatalogueSight): NonNullable<ToolExplanation["catalogue"]> {
  return { listed: tool !== undefined, ...(server === undefined ? {} : { server }) };
}

/** What was not known, and what that means for what is said. */
function listNotes({ policy, sight, definition, args }: ToolSources, { seen, source }: Read): readonly string[] {
  const documents = source?.layers.layers.map(({ document }) => document) ?? [];
  const isDefined = (definition ?? seen?.tool) !== undefined;
  const notes: readonly (readonly [boolean, string])[] = [
    [whyOf(policy) !== "", `policy could not be read: ${whyOf(policy)}`],
    [
      policy !== undefined && whyOf(policy) === "" && source === undefined,
      "no pod of the server carries the sidecar, so there is no policy to read",
    ],
    [whyOf(sight) !== "", `the catalogue could not be asked: ${whyOf(sight)}`],
    [
      !isDefined && documents.some(looksAtHints),
      "policy looks at hints, and the tool's definition is not known: it counts as declaring none; --definition names one",
    ],
    [
      args !== undefined && documents.some((document) => (document.arguments.schema ?? "Off") !== "Off"),
      "the sidecar also checks arguments against the approved schema; that is not done here",
    ],
  ];
  return notes.filter(([applies]) => applies).map(([, text]) => text);
}

const whyOf = (look: Look<unknown> | undefined): string => (look?.ok === false ? look.why : "");

function looksAtHints({ access, rules }: PolicyDocument): boolean {
  return access === "ReadOnly" || rules.some(({ hints }) => Object.keys(hints).length > 0);
}
