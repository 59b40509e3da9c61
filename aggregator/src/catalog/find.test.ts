import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listed, mergeAll } from "./example-servers.ts";
import { findByOwnName, findByPublicName, listCollisions } from "./find.ts";
import { nearestNames } from "./nearest.ts";

describe("findByPublicName", () => {
  it("F-091 finds every tool by its public name again, and nothing else", () => {
    const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 90, unit: "grapheme" }), { maxLength: 20 });
    fc.assert(
      fc.property(names, names, fc.string(), (first, second, stranger) => {
        const catalogue = mergeAll([listed("s__1", first), listed("s2", second)]);
        expect(catalogue.tools).toHaveLength(first.length + second.length);
        for (const tool of catalogue.tools) expect(findByPublicName(catalogue, tool.publicName)).toBe(tool);
        const isKnown = catalogue.tools.some((tool) => tool.publicName === stranger);
        expect(findByPublicName(catalogue, stranger) !== undefined).toBe(isKnown);
      }),
    );
  });
});

describe("own names", () => {
  const catalogue = mergeAll([
    listed("github", ["search", "create_issue"]),
    listed("gitlab", ["search"]),
    listed("gitlab", ["search"], { namespace: "prod" }),
  ]);

  it("F-086 finds all tools of one own name, or the one of a server", () => {
    const find = (server?: string, namespace?: string): readonly string[] =>
      findByOwnName(catalogue, {
        tool: "search",
        ...(server === undefined ? {} : { server }),
        ...(namespace === undefined ? {} : { namespace }),
      }).map((tool) => tool.publicName);
    expect(find()).toEqual(["prod__gitlab__search", "tools__github__search", "tools__gitlab__search"]);
    expect(find("gitlab")).toEqual(["prod__gitlab__search", "tools__gitlab__search"]);
    expect(find("gitlab", "prod")).toEqual(["prod__gitlab__search"]);
    expect(find("absent")).toEqual([]);
  });

  it("F-086 lists the names that several servers share", () => {
    expect([...listCollisions(catalogue.tools)]).toEqual([
      ["search", ["prod__gitlab__search", "tools__github__search", "tools__gitlab__search"]],
    ]);
  });
});

describe("nearestNames", () => {
  const names = [
    "fs__read_file",
    "fs__write_file",
    "github__create_issue",
    "github__list_issues",
    "jira__create_issue",
  ];

  it("finds a misspelled name, one without its server, and one with other separators", () => {
    expect(nearestNames("fs__raed_file", names, 1)).toEqual(["fs__read_file"]);
    expect(nearestNames("create_issue", names, 2)).toEqual(["github__create_issue", "jira__create_issue"]);
    expect(nearestNames("GitHub.createIssue", names, 1)).toEqual(["github__create_issue"]);
  });

  it("suggests nothing for what is like nothing", () => {
    expect(nearestNames("zzz", names, 3)).toEqual([]);
    expect(nearestNames("", names, 3)).toEqual([]);
    expect(nearestNames("create_issue", [], 3)).toEqual([]);
  });

  it("gives at most the wanted number, only of the given names, in the same order whatever order they come in", () => {
    const name = fc.string({ unit: fc.constantFrom("a", "b", "_", "c"), maxLength: 8 });
    fc.assert(
      fc.property(name, fc.uniqueArray(name, { maxLength: 12 }), (wanted, visible) => {
        const found = nearestNames(wanted, visible, 3);
        expect(found.length).toBeLessThanOrEqual(3);
        expect(visible).toEqual(expect.arrayContaining([...found]));
        expect(nearestNames(wanted, [...visible].reverse(), 3)).toEqual(found);
      }),
    );
  });
});
