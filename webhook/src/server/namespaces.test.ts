/** Namespaces from files and flags. */
import { describe, expect, it } from "vitest";
import { createListedNamespaces, parseAnnotations, parseNamespaceList } from "./namespaces.ts";

describe("namespaces of a file", () => {
  it("are read as kubectl prints them", async () => {
    const text = JSON.stringify({
      kind: "List",
      items: [
        { metadata: { name: "tools", labels: { a: "b" }, annotations: { c: "d" } } },
        { metadata: { name: "__proto__" } },
      ],
    });
    const list = parseNamespaceList(text);
    if (!list.ok) throw new Error(list.problem);
    const source = createListedNamespaces(() => list.value);
    expect(await source.find("tools")).toEqual({ labels: { a: "b" }, annotations: { c: "d" } });
    expect(await source.find("__proto__")).toEqual({ labels: {}, annotations: {} });
    expect(await source.find("toString")).toBeUndefined();
  });

  it.each([["{"], ["[]"], ["{}"], ['{"items":[{}]}'], ['{"items":[{"metadata":{"name":7}}]}']])("refuse %s", (text) => {
    expect(parseNamespaceList(text)).toMatchObject({ ok: false });
  });
});

describe("annotations of a flag", () => {
  it("are a JSON object of strings", () => {
    expect(parseAnnotations('{"outrigger.dev/rate-limit":"60/m"}')).toMatchObject({ ok: true });
    for (const text of ["", "[]", '{"a":1}', "a=b"]) expect(parseAnnotations(text)).toMatchObject({ ok: false });
  });
});
