/** When a filtered list is used again, and when not: beside the same filter without a memory. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePolicy, parsePolicyDocument, type CompiledPolicy } from "@outrigger/policy";
import { createAnswerFilter, keyOfId, type AnswerFilter } from "./filter.ts";
import { createListCache, type ListCache } from "./list-cache.ts";

function policyOf(document: object): CompiledPolicy {
  const parsed = parsePolicyDocument(document);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed));
  return compilePolicy([parsed.document]);
}

const listOf = (id: number | string, names: readonly string[], idFirst = true): Buffer => {
  const result = `"result":{"tools":[${names.map((name) => `{"name":"${name}", "x":1.0}`).join(",")}]}`;
  const idMember = `"id":${JSON.stringify(id)}`;
  return Buffer.from(`{"jsonrpc":"2.0",${idFirst ? `${idMember}, ${result}` : `${result},${idMember} `}}`);
};

/** A filter with a memory, and how often what is behind it was asked. */
function openFilter(policy: () => CompiledPolicy, cache: ListCache = createListCache(1024 ** 2)) {
  let asked = 0;
  const plainFor = (id: number | string): AnswerFilter =>
    createAnswerFilter(policy, { lists: new Map([[keyOfId(id), "tools"]]), byShape: true });
  return {
    asked: () => asked,
    plain: (id: number | string, json: Buffer) => plainFor(id)(json),
    remembering: (id: number | string, json: Buffer) => {
      const plain = plainFor(id);
      const counted: AnswerFilter = (text) => {
        asked++;
        return plain(text);
      };
      return cache.around(counted, { policy, list: "tools", idBytes: Buffer.from(JSON.stringify(id)) })(json);
    },
  };
}

const denying = policyOf({ tools: { deny: ["b*"] } });

describe("a filtered list", () => {
  it("is the same with and without the memory, whatever the lists, ids and policies", () => {
    const id = fc.oneof(fc.nat(), fc.string({ maxLength: 5 }));
    const names = fc.array(fc.constantFrom("a", "b", "bb", "c"), { maxLength: 4 });
    const policies = [denying, policyOf({ tools: { allow: ["a", "b"], deny: [] } }), policyOf({})];
    const asking = fc.record({ id, answered: fc.option(id), names, idFirst: fc.boolean(), policy: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(asking, { maxLength: 20 }), (steps) => {
        let current = denying;
        const filter = openFilter(() => current, createListCache(300));
        for (const step of steps) {
          current = policies[step.policy] ?? denying;
          const json = listOf(step.answered ?? step.id, step.names, step.idFirst);
          expect(filter.remembering(step.id, json)).toEqual(filter.plain(step.id, json));
        }
      }),
    );
  });

  it("is filtered once, however often it comes and with whatever id", () => {
    const filter = openFilter(() => denying);
    for (const id of [1, 22, "three", 4]) {
      const shown = filter.remembering(id, listOf(id, ["a", "b", "c"]));
      expect(shown?.toString()).toBe(listOf(id, ["a", "c"]).toString());
    }
    expect(filter.asked()).toBe(1);
  });

  it("is filtered anew where one byte of it, or the policy, is another", () => {
    let current = denying;
    const filter = openFilter(() => current);
    filter.remembering(1, listOf(1, ["a", "b"]));
    filter.remembering(1, listOf(1, ["a", "c"]));
    expect(filter.asked()).toBe(2);
    current = policyOf({ tools: { deny: ["a"] } });
    expect(filter.remembering(1, listOf(1, ["a", "c"]))?.toString()).toBe(listOf(1, ["c"]).toString());
    expect(filter.asked()).toBe(3);
  });

  it("is filtered each time where who sees it depends on more than names", () => {
    const filter = openFilter(() => policyOf({ access: "ReadOnly" }));
    filter.remembering(1, listOf(1, ["a"]));
    filter.remembering(2, listOf(2, ["a"]));
    expect(filter.asked()).toBe(2);
  });

  it("is forgotten where the memory is full, the one that was not used for longest first", () => {
    const one = listOf(1, ["a".repeat(100)]);
    const filter = openFilter(() => denying, createListCache(2 * one.length));
    const list = (name: string): Buffer => listOf(1, [name.repeat(100)]);
    for (const name of ["a", "c", "a", "d"]) filter.remembering(1, list(name));
    expect(filter.asked()).toBe(3);
    filter.remembering(1, list("a"));
    expect(filter.asked()).toBe(3);
    filter.remembering(1, list("c"));
    expect(filter.asked()).toBe(4);
  });
});
