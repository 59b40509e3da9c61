import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listed, mergeAll } from "../catalog/example-servers.ts";
import type { ServerEntry } from "../catalog/entry.ts";
import { search } from "./search.ts";
import { parseSearchRequest } from "./request.ts";
import { emptySnapshot, followCatalogue, withServer, withoutServer, type IndexSnapshot } from "./snapshot.ts";

const ask = (snapshot: IndexSnapshot, description: string): string => {
  const request = parseSearchRequest({ description, limit: 50 });
  if (!request.ok) throw new Error(request.field);
  return JSON.stringify(search(snapshot, request.value, () => true));
};
const entryOf = (...change: Parameters<typeof listed>): ServerEntry =>
  [...mergeAll([listed(...change)]).servers.values()][0]!;
const build = (servers: Iterable<ServerEntry>): IndexSnapshot =>
  followCatalogue(emptySnapshot(), { ...mergeAll([]), servers: new Map([...servers].map((each) => [each.key, each])) });

const words = ["read", "write", "file", "issue", "branch", "mail", "search", "report", "天気", "s3"];
const text = fc.array(fc.constantFrom(...words), { maxLength: 5 }).map((list) => list.join(" "));
const tool = fc.record({ name: fc.constantFrom(...words.map((word) => `${word}_it`), "a", "b"), description: text });
const server = fc
  .record({
    name: fc.constantFrom("one", "two", "three", "four"),
    tools: fc.uniqueArray(tool, { selector: ({ name }) => name, maxLength: 4 }),
    description: text,
    digest: fc.uuid(),
  })
  .map(({ name, tools, ...rest }) => entryOf(name, tools, rest));
const step = fc.oneof(
  { weight: 3, arbitrary: server },
  { weight: 1, arbitrary: fc.constantFrom("tools/one", "tools/two", "tools/three", "tools/four") },
);

describe("IndexSnapshot", () => {
  it("gives the same answers whether it grew step by step, in one go, or in another order", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), text, (steps, query) => {
        const servers = new Map<string, ServerEntry>();
        let grown = emptySnapshot();
        for (const each of steps) {
          grown = typeof each === "string" ? withoutServer(grown, each) : withServer(grown, each);
          if (typeof each === "string") servers.delete(each);
          else servers.set(each.key, each);
        }
        const rebuilt = build(servers.values());
        const reversed = build([...servers.values()].reverse());
        expect([...grown.lengthSums]).toEqual([...rebuilt.lengthSums]);
        expect([...grown.filled]).toEqual([...rebuilt.filled]);
        expect(readFrequencies(grown)).toEqual(readFrequencies(rebuilt));
        expect(ask(grown, query)).toBe(ask(rebuilt, query));
        expect(ask(reversed, query)).toBe(ask(rebuilt, query));
      }),
      { numRuns: 300 },
    );
  });

  it("leaves a snapshot that somebody holds as it was", () => {
    const first = build([entryOf("fs", ["read_file"]), entryOf("git", ["list_branches"])]);
    const before = ask(first, "read a file or list branches");
    const second = withoutServer(withServer(first, entryOf("fs", ["write_report"])), "tools/git");
    expect(ask(first, "read a file or list branches")).toBe(before);
    expect(ask(second, "list branches")).not.toContain("git");
    expect(ask(second, "write a report")).toContain("tools__fs__write_report");
  });

  it("takes over a changed state without indexing again", () => {
    const catalogue = mergeAll([listed("fs", ["read_file"])]);
    const index = followCatalogue(emptySnapshot(), catalogue);
    const failing = mergeAll([listed("fs", ["read_file"], { state: "Dead" })], catalogue);
    const next = followCatalogue(index, failing);
    expect(next.postings).toEqual(index.postings);
    expect(next.places[0]?.segment.copyKeys).toBe(index.places[0]?.segment.copyKeys);
    expect(ask(next, "read file")).toContain('"state":"Dead"');
    expect(ask(index, "read file")).not.toContain('"state"');
  });

  it("follows a catalogue: new, changed and gone servers, and nothing to do", () => {
    const first = mergeAll([listed("fs", ["read_file"]), listed("git", ["list_branches"])]);
    const index = followCatalogue(emptySnapshot(), first);
    expect(followCatalogue(index, first)).toBe(index);
    const gone = { kind: "removed", replica: { id: "pod-0" }, namespace: "tools", server: "git" } as const;
    const second = mergeAll([listed("mail", ["send_mail"]), listed("fs", ["stat_file"]), gone], first);
    const next = followCatalogue(index, second);
    expect(next.tools.map((each) => each.publicName).sort()).toEqual([
      "tools__fs__stat_file",
      "tools__mail__send_mail",
    ]);
    expect(withoutServer(next, "tools/absent")).toBe(next);
  });

  it("lets go of the words of servers that are gone", () => {
    const noise = (seed: string): ServerEntry => {
      const tools = Array.from({ length: 1_000 }, (_, at) => ({
        name: `t${at}`,
        description: Array.from({ length: 25 }, (__, word) => spell(`${seed}${at * 25 + word}`)).join(" "),
      }));
      return entryOf("noise", tools, { digest: seed });
    };
    let index = withServer(emptySnapshot(), entryOf("fs", ["read_file"]));
    for (const seed of ["1", "2", "3", "4"]) index = withServer(index, noise(seed));
    expect(index.vocabulary.words.length).toBeLessThan(80_000);
    index = withoutServer(index, "tools/noise");
    expect(index.vocabulary.words.length).toBeLessThan(100);
    expect(ask(index, "read a file")).toBe(ask(build([entryOf("fs", ["read_file"])]), "read a file"));
  });
});

/** Digits as letters: a word that is stemmed like any other and occurs nowhere else. */
function spell(digits: string): string {
  return digits.replace(/[0-9]/g, (digit) => "bcdfghjklm"[Number(digit)] ?? "");
}

function readFrequencies({ vocabulary, frequencies }: IndexSnapshot): Record<string, number> {
  const entries = vocabulary.words.map((word, id): [string, number] => [word, frequencies[id] ?? 0]);
  return Object.fromEntries(entries.filter(([, frequency]) => frequency > 0));
}
