/**
 * Pages of lists of tools with the bytes that stand for them in an answer, made once for each list and page. Decides how much of it is kept:
 * lists are replaced when anything in them changes, so what is kept is never wrong, only unused.
 */
import type { JsonObject } from "@outrigger/mcp";
import { takePage, type Page, type PageWanted } from "./page.ts";

/** How tools are shown that differ between callers, or with what else there is. */
export interface Spelling {
  /** Whether a tool is one of them. */
  readonly concerns: (tool: JsonObject) => boolean;
  readonly spell: (tool: JsonObject) => JsonObject;
  /** What `spell` depends on: as long as it is the same value, each tool is spelled the same. */
  readonly by: () => unknown;
}

/** Which page is made. */
interface ToolPageWanted extends PageWanted<JsonObject> {
  readonly spelling: Spelling;
}

/** The pages that are kept. */
export interface ToolPages {
  /** The page of a list that is replaced, never changed. Equal arguments give the same array of tools as long as it is kept. */
  readonly take: (list: readonly JsonObject[], wanted: ToolPageWanted) => Page<JsonObject>;
  /** The JSON of an array that `take` gave; undefined for any other. */
  readonly bytesOf: (tools: unknown) => Uint8Array | undefined;
}

interface Kept {
  readonly page: Extract<Page<JsonObject>, { ok: true }>;
  /** Undefined where no tool on it is spelled. */
  readonly spelled: { readonly by: unknown } | undefined;
  readonly sizeBytes: number;
}

/** The lists of 6,000 ordinary tools for a dozen callers with lists of their own. */
const defaultMaxBytes = 32 * 1024 * 1024;

/** About what an entry takes beside its JSON and its key: callers make cursors, and many of them lead to nothing. */
const entryBytes = 512;

/** Creates it, empty. `maxBytes`: of all that is kept; what was asked for longest ago goes first. */
export function createToolPages(maxBytes = defaultMaxBytes): ToolPages {
  const numbers = new WeakMap<readonly JsonObject[], number>();
  const bytes = new WeakMap<object, Uint8Array>();
  // Ordered by last use.
  const kept = new Map<string, Kept>();
  let lists = 0;
  let sizeBytes = 0;

  const numberOf = (list: readonly JsonObject[]): number => {
    const known = numbers.get(list) ?? ++lists;
    numbers.set(list, known);
    return known;
  };
  const forget = (key: string): void => {
    sizeBytes -= kept.get(key)?.sizeBytes ?? 0;
    kept.delete(key);
  };
  const keep = (key: string, { page, spelled }: Omit<Kept, "sizeBytes">): void => {
    const json = Buffer.from(JSON.stringify(page.items));
    bytes.set(page.items, json);
    const size = json.length + entryBytes + 2 * key.length;
    kept.set(key, { page, spelled, sizeBytes: size });
    sizeBytes += size;
    for (const oldest of kept.keys()) {
      if (sizeBytes <= maxBytes) break;
      forget(oldest);
    }
  };

  return {
    take: (list, { spelling, ...wanted }) => {
      const key = `${numberOf(list)} ${wanted.cursor ?? ""}`;
      const known = kept.get(key);
      if (known !== undefined && (known.spelled === undefined || known.spelled.by === spelling.by())) {
        kept.delete(key);
        kept.set(key, known);
        return known.page;
      }
      const page = takePage(list, wanted);
      if (!page.ok) return page;
      forget(key);
      const spelled = page.items.some(spelling.concerns) ? { by: spelling.by() } : undefined;
      const shown = spelled === undefined ? page : { ...page, items: page.items.map(spelling.spell) };
      keep(key, { page: shown, spelled });
      return shown;
    },
    bytesOf: (tools) => (typeof tools === "object" && tools !== null ? bytes.get(tools) : undefined),
  };
}
