import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxPublicNameLength, publicToolName, type ToolOrigin } from "./name.ts";

const wellFormed = /^[A-Za-z0-9_-]{1,64}$/;
const short = (server: string, tool: string): string => publicToolName({ qualify: "server", server, tool });
const long = (namespace: string, server: string, tool: string): string =>
  publicToolName({ qualify: "namespace", namespace, server, tool });

// Pieces that collide when a naming scheme is careless: separators across borders, replaced characters, the hash mark.
const piece = fc.constantFrom(
  "a",
  "b",
  "_",
  "__",
  "-",
  "--",
  ".",
  "/",
  " ",
  "é",
  "\ud800",
  "😀",
  "A",
  "0123456789abcdef",
);
const part = fc.oneof(
  { weight: 6, arbitrary: fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join("")) },
  { weight: 1, arbitrary: fc.string({ maxLength: 200, unit: "binary" }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 200 }).map((count) => "x".repeat(count)) },
);
const origins: Record<ToolOrigin["qualify"], fc.Arbitrary<ToolOrigin>> = {
  server: fc.record({ qualify: fc.constant("server" as const), server: part, tool: part }),
  namespace: fc.record({ qualify: fc.constant("namespace" as const), namespace: part, server: part, tool: part }),
};
const identify = ({ qualify, namespace, server, tool }: ToolOrigin): string =>
  JSON.stringify(qualify === "namespace" ? [namespace, server, tool] : [server, tool]);

describe("publicToolName", () => {
  it("F-091 joins well-behaved names with __ and leaves them as they are", () => {
    expect(short("github", "create_issue")).toBe("github__create_issue");
    expect(long("tools", "github", "create_issue")).toBe("tools__github__create_issue");
    expect(short("fs", "read__raw")).toBe("fs__read__raw");
    expect(short("fs", "_private")).toBe("fs___private");
  });

  it("F-091 keeps every name within 64 of [A-Za-z0-9_-], with __ inside, whatever the parts are", () => {
    fc.assert(
      fc.property(fc.oneof(origins.server, origins.namespace), (origin) => {
        const name = publicToolName(origin);
        expect(name).toMatch(wellFormed);
        expect(name).toContain("__");
      }),
      { numRuns: 5_000 },
    );
  });

  it.each(["server", "namespace"] as const)(
    "F-091 never gives one name to two origins (qualified by %s)",
    (qualify) => {
      fc.assert(
        fc.property(fc.array(origins[qualify], { minLength: 50, maxLength: 200 }), (list) => {
          const byName = new Map<string, string>();
          for (const origin of list) {
            const name = publicToolName(origin);
            const other = byName.get(name);
            if (other !== undefined) expect(identify(origin)).toBe(other);
            byName.set(name, identify(origin));
          }
        }),
        { numRuns: 300 },
      );
    },
  );

  it("tells borders apart that joining would blur", () => {
    expect(short("a__b", "c")).not.toBe(short("a", "b__c"));
    expect(short("a_", "b")).not.toBe(short("a", "_b"));
    expect(long("a__b", "c", "d")).not.toBe(long("a", "b__c", "d"));
    expect(long("a", "b__c", "d")).not.toBe(long("a", "b", "c__d"));
    expect(short("a", "b.c")).not.toBe(short("a", "b_c"));
    expect(short("a", "b.c")).not.toBe(short("a", "b/c"));
    expect(short("a", "\ud800")).not.toBe(short("a", "\ud801"));
  });

  it("can't be imitated by a tool that is named like a hashed name", () => {
    fc.assert(
      fc.property(origins.server, (origin) => {
        const target = publicToolName(origin);
        for (let at = target.indexOf("__"); at >= 0; at = target.indexOf("__", at + 1)) {
          const forged = { qualify: "server" as const, server: target.slice(0, at), tool: target.slice(at + 2) };
          if (identify(forged) !== identify(origin)) expect(publicToolName(forged)).not.toBe(target);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("cuts only on overflow, the longest parts first, so that server and tool stay readable", () => {
    const fitting = short("s", "t".repeat(61));
    expect(fitting).toBe(`s__${"t".repeat(61)}`);
    expect(fitting).toHaveLength(maxPublicNameLength);
    expect(short("s", "t".repeat(62))).toMatch(/^s__t{43}--[0-9a-v]{16}$/);
    expect(long("n".repeat(63), "github", "create_issue")).toMatch(/^n{24}__github__create_issue--[0-9a-v]{16}$/);
  });

  it("is stable: the same origin has the same name in every version", () => {
    expect(short("my server", "read.file")).toBe("my_server__read_file--ch3puibmebmrknj7");
  });
});
