import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filterList, findListKind } from "./filter-list.ts";

const bytes = (value: unknown): Buffer => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
const toolName = fc.string({ unit: fc.constantFrom("a", "b", '"', "\\", "é", "\u2028"), minLength: 1, maxLength: 4 });
const item = fc.record({
  name: toolName,
  description: fc.string(),
  inputSchema: fc.jsonValue(),
  extra: fc.jsonValue(),
});

describe("list filter", () => {
  it("gives the same as parsing, filtering and keeping order, for any list", () => {
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 6 }),
        fc.array(toolName, { maxLength: 3 }),
        fc.option(fc.string()),
        (tools, hidden, nextCursor) => {
          const response = { jsonrpc: "2.0", id: 1, result: { tools, nextCursor, _meta: { x: 1 } } };
          const filtered = filterList(bytes(response), "tools", (name) => !hidden.includes(name));
          const expected = {
            ...response,
            result: { ...response.result, tools: tools.filter(({ name }) => !hidden.includes(name)) },
          };
          if (filtered.kind === "filtered")
            expect(JSON.parse(filtered.bytes.toString())).toEqual(JSON.parse(JSON.stringify(expected)));
          else expect(filtered).toEqual({ kind: "unchanged", kept: tools.length });
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it("leaves what stays byte for byte, with large integers, order and spacing", () => {
    const text =
      '{"id":1, "jsonrpc":"2.0","result":{ "tools" : [ {"name":"a","big":12345678901234567890} ,{"name":"b"} ], "z":1e400 }}';
    const filtered = filterList(bytes(text), "tools", (name) => name === "a");
    expect(filtered.kind === "filtered" && filtered.bytes.toString()).toBe(
      '{"id":1, "jsonrpc":"2.0","result":{ "tools" : [{"name":"a","big":12345678901234567890}], "z":1e400 }}',
    );
  });

  it.each([
    ["the list stands twice", '{"result":{"tools":[],"tools":[{"name":"x"}]}}'],
    ["a case variant stands beside the list", '{"result":{"Tools":[{"name":"x"}],"tools":[]}}'],
    ["only a case variant of the list is there", '{"result":{"TOOLS":[{"name":"x"}]}}'],
    ["a name stands twice", '{"result":{"tools":[{"name":"a","name":"x"}]}}'],
    ["a case variant of the name stands beside it", '{"result":{"tools":[{"name":"a","Name":"x"}]}}'],
    ["an entry has no name", '{"result":{"tools":[{"title":"x"}]}}'],
    ["an entry is no object", '{"result":{"tools":["x"]}}'],
    ["the list is no array", '{"result":{"tools":{"name":"x"}}}'],
    ["the text is cut off", '{"result":{"tools":[{"name":"a"}'],
    ["the result stands twice", '{"result":{"tools":[]},"result":{"tools":[{"name":"x"}]}}'],
  ])("refuses a result in which %s", (_name, text) => {
    expect(filterList(bytes(text), "tools", () => true).kind).toBe("refused");
  });

  it("reads a name that is spelt with escapes", () => {
    const text = String.raw`{"result":{"tools":[{"na\u006de":"hid\u0064en"}]}}`;
    const filtered = filterList(bytes(text), "tools", (name) => name !== "hidden");
    expect(filtered).toMatchObject({ kind: "filtered", dropped: 1 });
  });

  it("leaves errors and results without the list alone", () => {
    expect(filterList(bytes({ id: 1, error: { code: 1, message: "" } }), "tools", () => false).kind).toBe("unchanged");
    expect(filterList(bytes({ id: 1, result: { content: [] } }), "tools", () => false).kind).toBe("unchanged");
  });

  it("recognises a list by its shape", () => {
    expect(findListKind(bytes({ result: { tools: [] } }))).toBe("tools");
    expect(findListKind(bytes({ result: { resourceTemplates: [] } }))).toBe("resourceTemplates");
    expect(findListKind(bytes({ result: { content: [] } }))).toBeUndefined();
    expect(findListKind(bytes({ error: {} }))).toBeUndefined();
  });
});
