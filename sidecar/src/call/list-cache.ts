/**
 * Remembers filtered lists: servers answer the same list again and again, with nothing but another id. What is compared is every byte
 * beside the id, so a list that changed is filtered anew. Decides when an answer may be reused; how one is filtered is filter.ts.
 */
import { scanMessage } from "@outrigger/mcp";
import type { CompiledPolicy } from "@outrigger/policy";
import type { ListKind } from "./decide.ts";
import { dropped, type AnswerFilter } from "./filter.ts";

/** Of which request the answers are filtered. `idBytes`: its id as it stands in the request. */
export interface ListRequest {
  readonly policy: () => CompiledPolicy;
  readonly list: ListKind;
  readonly idBytes: Uint8Array;
}

/** The memory of one sidecar, bounded by bytes. */
export interface ListCache {
  /** The same filter for the answer to a request for one list, asked only for what is not remembered. */
  readonly around: (filter: AnswerFilter, request: ListRequest) => AnswerFilter;
}

/** Creates the memory. `maxBytes`: of all that is remembered, lists as they came and as they are shown. */
export function createListCache(maxBytes: number): ListCache {
  /** The one that was used last stands last. */
  let kept: readonly KeptList[] = [];
  const keep = (made: KeptList): void => {
    const rest = kept.filter(({ policy }) => policy === made.policy);
    let bytes = made.bytes;
    let from = rest.length;
    while (from > 0 && bytes + (rest[from - 1]?.bytes ?? 0) <= maxBytes) bytes += rest[--from]?.bytes ?? 0;
    kept = made.bytes > maxBytes ? rest : [...rest.slice(from), made];
  };
  const use = (found: KeptList): void => {
    if (kept.at(-1) !== found) kept = [...kept.filter((each) => each !== found), found];
  };
  return {
    around:
      (filter, { policy, list, idBytes }) =>
      (json) => {
        const inForce = policy();
        if (!isSameForAll(inForce)) return filter(json);
        const found = kept.find((each) => each.policy === inForce && each.list === list && isLike(each, json, idBytes));
        if (found !== undefined) {
          use(found);
          return found.after === undefined ? json : Buffer.concat([found.after.head, idBytes, found.after.tail]);
        }
        const shown = filter(json);
        const made = describe(json, shown, idBytes);
        if (made !== undefined) keep({ ...made, policy: inForce, list });
        return shown;
      },
  };
}

/** A text around the id that is not part of it. */
interface AroundId {
  readonly head: Buffer;
  readonly tail: Buffer;
}

/** A list as it came and as it was shown. `after` is absent where nothing was taken out. */
interface KeptList {
  readonly policy: CompiledPolicy;
  readonly list: ListKind;
  readonly before: AroundId;
  readonly after: AroundId | undefined;
  readonly bytes: number;
}

/** Who sees what depends on names alone: neither on the caller nor on what is known of a tool, both of which change under a policy. */
const isSameForAll = ({ needsView, answers }: CompiledPolicy): boolean => !needsView && answers === undefined;

/** The same bytes, with the request's own id between them. */
function isLike({ before: { head, tail } }: KeptList, json: Buffer, idBytes: Uint8Array): boolean {
  const idEnd = head.length + idBytes.length;
  return (
    json.length === idEnd + tail.length &&
    head.compare(json, 0, head.length) === 0 &&
    Buffer.compare(json.subarray(head.length, idEnd), idBytes) === 0 &&
    tail.compare(json, idEnd) === 0
  );
}

/** What is remembered of an answer; undefined where it is none to this very request, or nothing may be passed on of it. */
function describe(
  json: Buffer,
  shown: Buffer | undefined,
  idBytes: Uint8Array,
): Pick<KeptList, "before" | "after" | "bytes"> | undefined {
  if (shown === undefined || shown === dropped) return undefined;
  const before = splitAtId(json, idBytes);
  const after = shown === json ? undefined : splitAtId(shown, idBytes);
  if (before === undefined || (shown !== json && after === undefined)) return undefined;
  return { before, after, bytes: json.length + (after === undefined ? 0 : shown.length) };
}

function splitAtId(json: Buffer, idBytes: Uint8Array): AroundId | undefined {
  const scan = scanMessage(json);
  if (scan.kind !== "message" || scan.message.type !== "response") return undefined;
  const own = scan.message.idBytes;
  if (own === undefined || Buffer.compare(own, idBytes) !== 0) return undefined;
  // The scanner gives the id as a part of the text.
  const at = own.byteOffset - json.byteOffset;
  // A copy: the text is a part of what came in from the network.
  return { head: Buffer.from(json.subarray(0, at)), tail: Buffer.from(json.subarray(at + own.length)) };
}
