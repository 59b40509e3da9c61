import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { clientNames, buildClientConfig } from "../clients.ts";
import { putEntry, type PutEntry, type WritableForm } from "./put-entry.ts";

const mcpUrl = "http://127.0.0.1:7777/mcp";
const servers: WritableForm = { format: "json", value: { mcpServers: { outrigger: { url: mcpUrl } } } };
const put = (text: string, form = servers): string => {
  const done = putEntry(text, form, "outrigger");
  if (!done.ok) throw new Error(JSON.stringify(done.problems));
  return done.text;
};
const refused = (text: string, form = servers): Extract<PutEntry, { ok: false }>["problems"] => {
  const done = putEntry(text, form, "outrigger");
  return done.ok ? [] : done.problems;
};
const lines = (...each: readonly string[]): string => `${each.join("\n")}\n`;
const yaml = (value: WritableForm["value"]): WritableForm => ({ format: "yaml", value });
const goose = yaml({ extensions: { outrigger: { name: "outrigger", uri: mcpUrl } } });

describe("an entry in a client's JSON", () => {
  it("F-174 goes behind the others, and everything else stays byte for byte, comments and commas included", () => {
    const before = lines(
      "// mine",
      "{",
      '    "theme":  "dark", /* odd   blanks */',
      '    "mcpServers": {',
      '        "files": { "command": "x", "args": [1.50] } // keep',
      "        // the end",
      "    },",
      "}",
    );
    expect(put(before)).toBe(
      lines(
        "// mine",
        "{",
        '    "theme":  "dark", /* odd   blanks */',
        '    "mcpServers": {',
        '        "files": { "command": "x", "args": [1.50] }, // keep',
        "        // the end",
        '        "outrigger": {',
        `            "url": "${mcpUrl}"`,
        "        }",
        "    },",
        "}",
      ),
    );
  });

  it.each([
    ["{}", `{"mcpServers": {"outrigger":{"url":"${mcpUrl}"}}}`],
    ['{"a":1}', `{"a":1, "mcpServers": {"outrigger":{"url":"${mcpUrl}"}}}`],
    ["{\n}\n", `{\n  "mcpServers": {\n    "outrigger": {\n      "url": "${mcpUrl}"\n    }\n  }\n}\n`],
    [
      '{\r\n\t"mcpServers": {}\r\n}',
      `{\r\n\t"mcpServers": {\r\n\t\t"outrigger": {\r\n\t\t\t"url": "${mcpUrl}"\r\n\t\t}\r\n\t}\r\n}`,
    ],
    [
      '\uFEFF{\n  "mcpServers": {\n    "a": {},\n  }\n}',
      `\uFEFF{\n  "mcpServers": {\n    "a": {},\n    "outrigger": {\n      "url": "${mcpUrl}"\n    },\n  }\n}`,
    ],
    [
      '{\n  "mcpServers": null\n}\n',
      `{\n  "mcpServers": {\n    "outrigger": {\n      "url": "${mcpUrl}"\n    }\n  }\n}\n`,
    ],
  ])("is written as %j is written", (before, after) => {
    expect(put(before)).toBe(after);
  });

  it("replaces one of its own name, and changes nothing where it is there already", () => {
    const before = '{ "mcpServers": { "outrigger": { "command": "old" }, "b": {} } }\n';
    const after = put(before);
    expect(after).toBe(`{ "mcpServers": { "outrigger": {"url":"${mcpUrl}"}, "b": {} } }\n`);
    expect(put(after)).toBe(after);
  });

  it("asks for the token once, whatever other inputs there are", () => {
    const built = buildClientConfig("vscode", { mcpUrl, launch: [], tokenVariable: "T" });
    const form = (built.ok ? built.config.form : servers) as WritableForm;
    const before = '{\n  "inputs": [\n    { "id": "other" }\n  ],\n  "servers": {}\n}\n';
    const after = put(before, form);
    const read = JSON.parse(after) as { readonly inputs: readonly { readonly id: string }[] };
    expect(read.inputs.map(({ id }) => id)).toEqual(["other", "outrigger-token"]);
    expect(after).toContain('    { "id": "other" },\n    {\n');
    expect(put(after, form)).toBe(after);
  });

  it.each([
    ['{\n  "mcpServers": {\n    "a": 1\n    "b": 2\n  }\n}', 3, "comma"],
    ['{\n "mcpServers": {\n', 3, "closes an object"],
    ["{ mcpServers: {} }", 1, "double quotes"],
    ["{ 'mcpServers': {} }", 1, "double quotes"],
    ['{ "a": 1, "a": 2 }', 1, "each name only once"],
    ['{\n  "mcpServers": []\n}', 2, "mcpServers: expected an object"],
    ["[]", 1, "the file: expected an object"],
    ['"text"', 1, "the file: expected an object"],
  ])("is not put into %j", (text, line, words) => {
    const [problem] = refused(text);
    expect(problem).toEqual({ line, message: expect.stringContaining(words) as string });
  });

  it("leaves every value of any file as it was, however the file is laid out", () => {
    const file = fc.dictionary(
      fc.string().filter((key) => key !== "__proto__" && key !== "mcpServers"),
      fc.jsonValue({ maxDepth: 2, noUnicodeString: false }),
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(file, fc.constantFrom(undefined, 1, 3, "\t"), fc.boolean(), (value, width, hasServers) => {
        const before = hasServers ? { ...value, mcpServers: { other: { url: "http://a" } } } : value;
        const text = JSON.stringify(before, null, width);
        const others = hasServers ? { other: { url: "http://a" } } : {};
        const expected = { ...before, mcpServers: { ...others, outrigger: { url: mcpUrl } } };
        const after = put(text);
        expect(JSON.parse(after)).toEqual(JSON.parse(JSON.stringify(expected)));
        expect(put(after)).toBe(after);
      }),
      { numRuns: 40 },
    );
  });
});

describe("an entry in a client's YAML", () => {
  it("F-177 goes behind the others, and comments, order and quotes stay", () => {
    const before = lines("# mine", "GOOSE: 'x'", "extensions:", "  a:", "    cmd: a   # keep", "# end", "other: [1]");
    expect(put(before, goose)).toBe(
      lines(
        ...["# mine", "GOOSE: 'x'", "extensions:", "  a:", "    cmd: a   # keep"],
        ...["  outrigger:", "    name: outrigger", `    uri: ${mcpUrl}`, "# end", "other: [1]"],
      ),
    );
  });

  it.each([
    "extensions:\n",
    "extensions: {}\n",
    "extensions: null\n",
    "a: 1",
    "a: 1\nextensions:\n    x:\n        y: 1",
  ])("fits into %j", (before) => {
    const after = put(before, goose);
    expect(parseYaml(after)).toMatchObject({ extensions: { outrigger: { uri: mcpUrl } } });
    expect(put(after, goose)).toBe(after);
  });

  it("replaces the item of its name in a list, and leaves what the person called the file", () => {
    const form = yaml({ name: "Outrigger", mcpServers: [{ name: "outrigger", url: mcpUrl }] });
    const before = lines(
      "name: Mine",
      "mcpServers:",
      "- name: a",
      "- name: outrigger",
      "  url: old",
      "  env: {}",
      "z: 1",
    );
    expect(put(before, form)).toBe(
      lines("name: Mine", "mcpServers:", "- name: a", "- name: outrigger", `  url: ${mcpUrl}`, "z: 1"),
    );
  });

  it("is not put into what is no YAML, or holds another kind of thing", () => {
    expect(refused("a: [1\n", goose)[0]?.line).toBeGreaterThan(0);
    expect(refused("a: 1\nextensions: [x]\n", goose)).toEqual([{ line: 2, message: "extensions: expected an object" }]);
  });
});

it.each(clientNames.filter((name) => name !== "codex"))("is the file that is printed, where %s has none", (name) => {
  const built = buildClientConfig(name, { mcpUrl, launch: ["outrigger"] });
  if (!built.ok) throw new Error(built.why);
  const { form, content } = built.config;
  expect(put("", form as WritableForm)).toBe(content);
  expect(put(content, form as WritableForm)).toBe(content);
});
