import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listed, mergeAll } from "./example-servers.ts";
import {
  draftCatalogue,
  emptyCatalogue,
  mergeCatalogue,
  type CatalogueChange,
  type CatalogueSnapshot,
} from "./merge.ts";
import { listReplicasWith } from "./replica.ts";

const failed = (server: string, replica = "pod-0", at = 1): CatalogueChange => ({
  kind: "failed",
  replica: { id: replica, createdAtMs: at },
  namespace: "tools",
  server,
  group: "default",
  state: "Dead",
  message: "connection refused",
});
const removed = (server: string, replica = "pod-0"): CatalogueChange => ({
  kind: "removed",
  replica: { id: replica },
  namespace: "tools",
  server,
});
const namesOf = (catalogue: CatalogueSnapshot): readonly string[] => catalogue.tools.map((tool) => tool.publicName);
const entryOf = (catalogue: CatalogueSnapshot, server: string) => catalogue.servers.get(`tools/${server}`)!;
const reasonsOf = (catalogue: CatalogueSnapshot, server: string): readonly string[] =>
  entryOf(catalogue, server).findings.map((finding) => finding.reason);

describe("mergeCatalogue", () => {
  it("F-086 keeps both tools where two servers list one name", () => {
    const catalogue = mergeAll([listed("github", ["search"]), listed("gitlab", ["search"])]);
    expect(namesOf(catalogue)).toEqual(["tools__github__search", "tools__gitlab__search"]);
  });

  it("F-086 keeps both servers where two namespaces have one of the same name", () => {
    const catalogue = mergeAll([listed("db", ["query"]), listed("db", ["query"], { namespace: "prod" })]);
    expect(namesOf(catalogue)).toEqual(["prod__db__query", "tools__db__query"]);
  });

  it("leaves namespaces out of names, and other namespaces out altogether, where an endpoint serves one", () => {
    const start = emptyCatalogue({ qualify: "server", namespace: "tools" });
    const catalogue = mergeAll([listed("db", ["query"]), listed("db", ["query"], { namespace: "prod" })], start);
    expect(namesOf(catalogue)).toEqual(["db__query"]);
  });

  it("a failed list takes nothing away and shows as a finding and a state", () => {
    const before = mergeAll([listed("github", ["a", "b"]), listed("gitlab", ["c"])]);
    const after = mergeCatalogue(before, failed("github"));
    expect(namesOf(after)).toEqual(namesOf(before));
    expect(entryOf(after, "github").state).toBe("Dead");
    expect(entryOf(after, "github").findings).toEqual([
      { reason: "ListFailed", message: "1 of 1 replicas: connection refused" },
    ]);
    expect(entryOf(after, "gitlab")).toBe(entryOf(before, "gitlab"));
  });

  it("an empty list that a sidecar publishes is believed: a policy that hides everything holds at once", () => {
    const after = mergeAll([listed("github", ["a", "b"]), listed("github", [])]);
    expect(namesOf(after)).toEqual([]);
    expect(reasonsOf(after, "github")).toEqual([]);
    expect(namesOf(mergeCatalogue(after, failed("github")))).toEqual([]);
    expect(namesOf(mergeCatalogue(after, listed("github", ["a", "c"])))).toEqual([
      "tools__github__a",
      "tools__github__c",
    ]);
  });

  it("while an old replica lists tools, a new one that lists none takes none away", () => {
    const both = mergeAll([
      listed("github", ["a"], { replica: "old", at: 1 }),
      listed("github", [], { replica: "new", at: 2 }),
    ]);
    expect(namesOf(both)).toEqual(["tools__github__a"]);
    expect(namesOf(mergeCatalogue(both, removed("github", "old")))).toEqual([]);
  });

  it("a server that never listed a tool is known, with its state", () => {
    const catalogue = mergeAll([failed("github")]);
    expect(entryOf(catalogue, "github")).toMatchObject({ state: "Dead", tools: [], digest: undefined });
  });

  it("only the end of the last replica removes a server", () => {
    const two = mergeAll([listed("github", ["a"], { replica: "x" }), listed("github", ["a"], { replica: "y" })]);
    const one = mergeCatalogue(two, removed("github", "x"));
    expect(namesOf(one)).toEqual(["tools__github__a"]);
    expect(mergeCatalogue(one, removed("github", "unknown"))).toBe(one);
    const none = mergeCatalogue(one, removed("github", "y"));
    expect(none.servers.size).toBe(0);
    expect(none.tools).toEqual([]);
  });

  it("replicas with one digest are one list, and a digest that comes again is not read again", () => {
    const first = mergeAll([listed("github", ["a", "b"], { replica: "x" })]);
    const second = mergeCatalogue(first, listed("github", ["a", "b"], { replica: "y", title: "GitHub" }));
    expect(namesOf(second)).toEqual(["tools__github__a", "tools__github__b"]);
    expect(entryOf(second, "github").tools).toBe(entryOf(first, "github").tools);
    expect(entryOf(second, "github").replicas.size).toBe(2);
    expect(reasonsOf(second, "github")).toEqual([]);
  });

  it("serves the newest replica's list where digests disagree, says so, and knows who has a tool", () => {
    const catalogue = mergeAll([
      listed("github", ["a", "b"], { replica: "new", at: 2 }),
      listed("github", ["a"], { replica: "old", at: 1 }),
    ]);
    expect(namesOf(catalogue)).toEqual(["tools__github__a", "tools__github__b"]);
    expect(entryOf(catalogue, "github").findings).toEqual([
      {
        reason: "ReplicasDisagree",
        message: "Replicas list different tools, by digest: a (1), a+b (1); the newest replica's list is served.",
      },
    ]);
    expect(listReplicasWith(entryOf(catalogue, "github"), "a")).toEqual(["new", "old"]);
    expect(listReplicasWith(entryOf(catalogue, "github"), "b")).toEqual(["new"]);
  });

  it("reports a limit that the sidecar met before us", () => {
    const catalogue = mergeAll([{ ...listed("github", ["a"]), limited: true }]);
    expect(reasonsOf(catalogue, "github")).toEqual(["CatalogLimited"]);
  });

  it("a server is as well as its best replica", () => {
    const catalogue = mergeAll([failed("github", "x"), listed("github", ["a"], { replica: "y", state: "Degraded" })]);
    expect(entryOf(catalogue, "github").state).toBe("Degraded");
  });

  it("never changes a snapshot that somebody holds", () => {
    const before = mergeAll([listed("github", ["a"])]);
    mergeAll([listed("github", ["b"]), listed("gitlab", ["c"]), removed("github")], before);
    expect(namesOf(before)).toEqual(["tools__github__a"]);
    expect([...before.servers.keys()]).toEqual(["tools/github"]);
  });

  it("gives the same catalogue whatever order the replicas are heard in", () => {
    const change = fc.record({
      server: fc.constantFrom("s1", "s2", "s3"),
      replica: fc.constantFrom("x", "y", "z"),
      tools: fc.subarray(["a", "b", "c"], { minLength: 1 }),
      at: fc.integer({ min: 1, max: 3 }),
    });
    const changes = fc.uniqueArray(change, { selector: ({ server, replica }) => `${server}/${replica}`, maxLength: 9 });
    fc.assert(
      fc.property(
        changes.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        ([one, other]) => {
          const build = (list: typeof one): CatalogueSnapshot =>
            mergeAll(list.map(({ server, tools, replica, at }) => listed(server, tools, { replica, at })));
          const [a, b] = [build(one), build(other)];
          expect(namesOf(a)).toEqual(namesOf(b));
          expect(namesOf(a)).toEqual([...namesOf(a)].sort());
          for (const [key, server] of a.servers) expect(b.servers.get(key)?.findings).toEqual(server.findings);
        },
      ),
    );
  });
});

describe("draftCatalogue", () => {
  const changes = fc.array(
    fc
      .tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom("x", "y"), fc.constantFrom("listed", "failed", "removed"))
      .map(([server, replica, kind]): CatalogueChange => {
        if (kind === "listed") return listed(server, ["one", "two"], { replica });
        return kind === "failed" ? failed(server, replica) : removed(server, replica);
      }),
    { maxLength: 12 },
  );

  it("comes to the same as one change after the other, and leaves alone what it began with", () => {
    fc.assert(
      fc.property(changes, changes, (before, after) => {
        const start = mergeAll(before);
        const servers = [...start.servers];
        const draft = draftCatalogue(start);
        after.forEach(draft.apply);
        expect([...draft.close().servers]).toEqual([...mergeAll(after, start).servers]);
        expect([...start.servers]).toEqual(servers);
      }),
    );
  });

  it("gives the catalogue itself back where nothing was changed", () => {
    const start = mergeAll([listed("a", ["one"])]);
    const draft = draftCatalogue(start);
    draft.apply(removed("b"));
    expect(draft.close()).toBe(start);
  });
});
