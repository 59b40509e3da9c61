import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePolicy } from "./compile.ts";
import { openDocument } from "./document/document.ts";
import { judge } from "./judge.ts";
import { spellingsOf } from "./uri.ts";

const denied = compilePolicy([
  { ...openDocument, resources: { deny: ["test://secret/*", "file:///etc/*", "note://one"] } },
]);
const allowed = compilePolicy([{ ...openDocument, resources: { allow: ["file:///pub/*"], deny: [] } }]);
const actionOf = (policy: typeof denied, name: string): string => judge(policy, { kind: "resource", name }).action;

describe("a resource that is denied stays denied", () => {
  it.each([
    "test://secret/x",
    "TEST://secret/x",
    " test://secret/x",
    "te\tst://secret/x",
    "test://secret/x ",
    "test://secret/a/../x",
    "test://SECRET/x",
    "test://secret/%78",
    "test://secret/y/../x",
    "file:///pub/../etc/passwd",
    "file:///pub/%2e%2e/etc/passwd",
    "file:///pub/%2E%2e%2Fetc/passwd",
    "file:///pub\\..\\etc\\passwd",
    "FILE:/etc/passwd",
    "file://localhost/etc/passwd",
    "note://one#part",
  ])("spelt %j", (uri) => {
    expect(actionOf(denied, uri)).toBe("deny");
  });
});

describe("a resource that is allowed", () => {
  it.each(["file:///pub/a", "file:///pub/a%20b", "file:///pub/ä"])("passes: %j", (uri) => {
    expect(actionOf(allowed, uri)).toBe("allow");
  });

  it.each(["file:///pub/../etc/x", "file:///pub/%2e%2e/etc/x", "file:///pub/..%2f..%2fetc/x"])(
    "is none where another reading leads elsewhere: %j",
    (uri) => {
      expect(actionOf(allowed, uri)).toBe("deny");
    },
  );
});

it("lets a template be named as it stands", () => {
  const policy = compilePolicy([{ ...openDocument, resources: { allow: ["note://by/{id}"], deny: [] } }]);
  expect(actionOf(policy, "note://by/{id}")).toBe("allow");
});

it("keeps names that are no URI as they are", () => {
  expect(spellingsOf("no uri at all")).toEqual(["no uri at all"]);
  expect(spellingsOf("")).toEqual([""]);
});

it("holds the URI as it came and as a URL parser writes it, for any URI", () => {
  fc.assert(
    fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (uri) => {
      const spellings = spellingsOf(uri);
      expect(spellings).toContain(uri);
      expect(spellings).toContain(new URL(uri).href);
    }),
  );
});
