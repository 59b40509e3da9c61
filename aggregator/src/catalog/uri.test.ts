import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchesTemplate, readRoutedUri, writeRoutedUri } from "./uri.ts";

describe("a routed URI", () => {
  it("reads back as the server and the URI that it was made of, whatever they are", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 });
    fc.assert(
      fc.property(text, text, fc.string(), (namespace, server, uri) => {
        const owner = { namespace, server };
        expect(readRoutedUri(writeRoutedUri(owner, uri))).toEqual({ ...owner, uri });
      }),
    );
  });

  it("leaves the expressions of a template to be expanded", () => {
    const routed = writeRoutedUri({ namespace: "team", server: "git" }, "repo://{owner}/{name}");
    expect(routed.replace("{owner}", "a%20b").replace("{name}", "c")).toBe("outrigger:team/git/repo://a%20b/c");
  });

  it("is told from every other URI", () => {
    expect(readRoutedUri("file:///a/b/c")).toBeUndefined();
    expect(readRoutedUri("outrigger:only-one/part")).toBeUndefined();
    expect(readRoutedUri("outrigger:%zz/server/uri")).toBeUndefined();
  });
});

describe("a URI template", () => {
  it.each([
    ["test://template/{id}/data", "test://template/7/data", true],
    ["test://template/{id}/data", "test://template/7/8/data", false],
    ["test://template/{id}/data", "test://template//data", false],
    ["test://template/{id}/data", "test://template/7/data/more", false],
    ["file:///{+path}", "file:///a/b/c", true],
    ["file:///logs{?from,to}", "file:///logs", true],
    ["plain:uri", "plain:uri", true],
    ["plain:uri", "plain:uri2", false],
    ["{scheme}:x", "a:x", true],
    ["a{b}a", "aa", false],
    ["a{b}a", "aba", true],
  ])("%s and %s match: %s", (template, uri, expected) => {
    expect(matchesTemplate(template, uri)).toBe(expected);
  });

  it("matches what it expands to", () => {
    const part = fc.stringMatching(/^[a-z0-9%.-]{1,8}$/);
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), part, (literals, value) => {
        const template = literals.join("/{x}/");
        expect(matchesTemplate(template, template.replaceAll("{x}", value))).toBe(true);
      }),
    );
  });
});
