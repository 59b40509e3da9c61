/**
 * Gives results their shape: what `find_tool`, REST and the command line return. The last stage. Definitions are passed on as
 * the server sent them; nothing is interpreted. The order of members is fixed, so equal searches give equal bytes.
 */
import type { ServerState, ToolDefinition } from "../catalog/entry.ts";
import { compareTokens, fitResults, type Forms, type TokenMetrics } from "./account.ts";
import type { Advice } from "./advise.ts";
import type { ResultPlace } from "./collapse.ts";
import type { SearchRequest } from "./request.ts";
import { slotOf, type IndexSnapshot } from "./snapshot.ts";

/** One found tool. `score` is above 0 and at most 1, four decimals. Members that the definition lacks are absent. */
export interface FoundTool {
  /** The public name: what `call_tool` and `tools/call` take. */
  readonly name: string;
  readonly server: string;
  readonly namespace: string;
  /** The whole description, or its first sentence where `detail` is short. */
  readonly description?: unknown;
  /** Only where `detail` is full. */
  readonly inputSchema?: unknown;
  /** Only where `detail` is full. */
  readonly annotations?: unknown;
  /** Names of required arguments; only where `detail` is short. */
  readonly required?: readonly string[];
  readonly score: number;
  /** Only where the server is not ready. Cold: it is asleep, and a call wakes it. */
  readonly state?: ServerState;
  /** Public names of copies of this tool, at most 10. */
  readonly same_as?: readonly string[];
  /** How many further copies there are. */
  readonly same_as_more?: number;
}

/** The answer to a search. `truncated`, `hint`, `shortened` and `left_out` are absent where there is nothing to say. */
export interface SearchOutcome {
  readonly tools: readonly FoundTool[];
  readonly confidence: "normal" | "low";
  readonly did_you_mean: readonly string[];
  readonly hint?: string;
  readonly truncated?: true;
  /** How many results came in short form, or not at all, because of `max_tokens`. */
  readonly shortened?: number;
  readonly left_out?: number;
  readonly token_metrics: TokenMetrics;
}

/** What is shaped. `baselineTokens`: tokens of all tools that the caller may call. */
export interface Found {
  readonly places: readonly ResultPlace[];
  readonly advice: Advice;
  readonly baselineTokens: number;
}

const mostCopiesNamed = 10;
const longestSentence = 200;

/** Shapes the places of a ranking. */
export function present(
  snapshot: IndexSnapshot,
  request: SearchRequest,
  { places, advice, baselineTokens }: Found,
): SearchOutcome {
  const forms = places.flatMap((place) => presentPlace(snapshot, request, place));
  const { results, returnedTokens, shortened, leftOut } = fitResults(forms, request.maxTokens);
  return {
    tools: results,
    confidence: advice.confidence,
    did_you_mean: advice.didYouMean,
    ...presentHint(advice, forms.length > 0 && results.length === 0),
    ...(request.truncated ? { truncated: true } : {}),
    ...(shortened === 0 ? {} : { shortened }),
    ...(leftOut === 0 ? {} : { left_out: leftOut }),
    token_metrics: compareTokens(baselineTokens, returnedTokens),
  };
}

function presentHint({ hint }: Advice, fitsNothing: boolean): Pick<SearchOutcome, "hint"> {
  if (fitsNothing) return { hint: "Not even one result fits into max_tokens: raise it." };
  return hint === undefined ? {} : { hint };
}

/** The first sentence of a text on one line, at most 200 characters. */
export function readFirstSentence(text: string): string {
  const line = text
    .slice(0, longestSentence * 4)
    .replace(/\s+/g, " ")
    .trim();
  // A lower-case letter after the stop belongs to an abbreviation such as "e.g.".
  const sentence = /^.*?(?:[.!?](?= [^a-z]|$)|[。！？])/.exec(line)?.[0] ?? line;
  if (sentence.length <= longestSentence) return sentence;
  return `${sentence.slice(0, longestSentence - 3).replace(/[\ud800-\udbff]$/, "")}...`;
}

function presentPlace(
  snapshot: IndexSnapshot,
  { detail }: SearchRequest,
  place: ResultPlace,
): readonly Forms<FoundTool>[] {
  const tool = snapshot.tools[place.document];
  const state = snapshot.places[slotOf(snapshot, place.document)]?.segment.server.state;
  if (tool === undefined) return [];
  const { publicName, server, namespace, definition } = tool;
  const score = Math.max(Math.round(place.score * 10_000) / 10_000, 0.0001);
  const shape = (body: Partial<FoundTool>): FoundTool => ({
    name: publicName,
    server,
    namespace,
    ...body,
    score,
    ...(state === undefined || state === "Ready" ? {} : { state }),
    ...nameCopies(place.copies),
  });
  const short = (): FoundTool => shape(readShort(definition));
  return [{ short, full: detail === "full" ? () => shape(readFull(definition)) : short }];
}

function readFull({ description, inputSchema, annotations }: ToolDefinition): Partial<FoundTool> {
  return {
    ...(description === undefined ? {} : { description }),
    ...(inputSchema === undefined ? {} : { inputSchema }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

function readShort({ description, inputSchema }: ToolDefinition): Partial<FoundTool> {
  const required: unknown =
    typeof inputSchema === "object" && inputSchema !== null && Reflect.get(inputSchema, "required");
  return {
    ...(typeof description === "string" ? { description: readFirstSentence(description) } : {}),
    required: Array.isArray(required) ? required.filter((name) => typeof name === "string") : [],
  };
}

function nameCopies(copies: readonly string[]): Partial<FoundTool> {
  const more = copies.length - mostCopiesNamed;
  return {
    ...(copies.length === 0 ? {} : { same_as: copies.slice(0, mostCopiesNamed) }),
    ...(more > 0 ? { same_as_more: more } : {}),
  };
}
