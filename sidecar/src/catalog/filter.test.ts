import { compilePolicy, isVisible, openDocument } from "@outrigger/policy";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filterCatalogue } from "./filter.ts";

const name = fc.string({ unit: fc.constantFrom("a", "b", "_"), minLength: 1, maxLength: 3 });
const names = fc.array(name, { maxLength: 3 });

describe("the filter of a catalogue", () => {
  it("keeps exactly what is callable, in its order", () => {
    fc.assert(
      fc.property(names, fc.option(names, { nil: undefined }), names, (listed, allow, deny) => {
        const policy = compilePolicy([{ ...openDocument, tools: { deny, ...(allow === undefined ? {} : { allow }) } }]);
        const tools = listed.map((each, index) => ({ name: each, index }));
        const content = { tools, prompts: [], resources: [], resourceTemplates: [], limited: false };
        expect(filterCatalogue(content, policy).tools).toEqual(
          tools.filter((tool) => isVisible(policy, { kind: "tool", name: tool.name })),
        );
      }),
    );
  });

  it("judges each list by its own rules and leaves out what has no name", () => {
    const policy = compilePolicy([{ ...openDocument, prompts: { deny: ["p"] }, resources: { deny: ["file:*"] } }]);
    const content = {
      tools: [{ name: "p" }, { title: "nameless" }, { name: 1 }],
      prompts: [{ name: "p" }, { name: "q" }],
      resources: [{ uri: "file:a", name: "q" }, { uri: "mem:a" }],
      resourceTemplates: [{ uriTemplate: "file:{x}" }, { uriTemplate: "mem:{x}" }],
      limited: true,
    };
    expect(filterCatalogue(content, policy)).toEqual({
      tools: [{ name: "p" }],
      prompts: [{ name: "q" }],
      resources: [{ uri: "mem:a" }],
      resourceTemplates: [{ uriTemplate: "mem:{x}" }],
      limited: true,
    });
  });
});
