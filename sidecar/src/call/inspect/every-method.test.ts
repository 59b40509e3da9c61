import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { messagesOf, openControlledDoor, request, type Arrived } from "../../bundle/testing/controlled-door.ts";

const names = ["a", "b", "c"] as const;
const uriOf = (name: string): string => `note://${name}/x`;
const tools = names.map((name) => ({
  name,
  inputSchema: { type: "object" },
  annotations: { readOnlyHint: name !== "b" },
}));
const lists: Readonly<Record<string, object>> = {
  "tools/list": { tools },
  "prompts/list": { prompts: names.map((name) => ({ name })) },
  "resources/list": { resources: names.map((name) => ({ name, uri: uriOf(name) })) },
  "resources/templates/list": { resourceTemplates: names.map((name) => ({ name, uriTemplate: uriOf(name) })) },
};
const answerTo = ({ id, method = "" }: Arrived): object => ({
  jsonrpc: "2.0",
  id,
  result: lists[method] ?? { content: [] },
});
const event = (message: object): string => `data: ${JSON.stringify(message)}\n\n`;

/** Every method that uses a thing, with the list that the thing stands in. */
const uses = (name: string): readonly (readonly [list: string, method: string, params: object])[] => [
  ["tools/list", "tools/call", { name, arguments: { n: 1 } }],
  ["prompts/list", "prompts/get", { name }],
  ["prompts/list", "completion/complete", { ref: { type: "ref/prompt", name }, argument: { name: "x", value: "" } }],
  ["resources/list", "resources/read", { uri: uriOf(name) }],
  ["resources/list", "resources/subscribe", { uri: uriOf(name) }],
  ["resources/list", "resources/unsubscribe", { uri: uriOf(name) }],
  [
    "resources/templates/list",
    "completion/complete",
    { ref: { type: "ref/resource", uri: uriOf(name) }, argument: { name: "x", value: "" } },
  ],
];

const globs = fc.array(fc.constantFrom("a", "b", "*"), { maxLength: 2 });
const uris = fc.array(fc.constantFrom("note://a/*", "note://b/x", "*"), { maxLength: 2 });
const lists2 = (entries: fc.Arbitrary<string[]>) => fc.record({ allow: entries, deny: entries }, { requiredKeys: [] });
const rule = fc.record(
  {
    name: fc.uuid(),
    action: fc.constantFrom("Allow", "Deny"),
    tools: globs,
    prompts: globs,
    resources: uris,
    subjects: fc.constantFrom([], [{ kind: "Anonymous" }], [{ kind: "User", name: "bob" }]),
    when: fc.constantFrom('tool.name == "a"', 'server.name == "test"', "caller.name == 'bob'"),
  },
  { requiredKeys: ["name", "action"] },
);
const policies = fc.record(
  {
    defaultAction: fc.constantFrom("Allow", "Deny"),
    access: fc.constantFrom("Any", "ReadOnly"),
    tools: lists2(globs),
    prompts: lists2(globs),
    resources: lists2(uris),
    rules: fc.array(rule, { maxLength: 2 }),
    pins: fc.constantFrom({ mode: "Enforce" }, { mode: "Off" }),
  },
  { requiredKeys: [] },
);

const entriesOf = (text: string): ReadonlySet<string> =>
  new Set(
    messagesOf(text)
      .flatMap(({ result }) => Object.values((result ?? {}) as Record<string, { name: string }[]>).flat())
      .map(({ name }) => name),
  );
const isAnswered = (text: string): boolean => messagesOf(text).every((message) => "result" in message);

describe("through the running sidecar", () => {
  it("F-126 what is listed is callable by every method, and what is not never reaches the server, under policies of the whole language", async () => {
    const all = Object.keys(lists).map((method, id) => answerTo({ id, method }));
    const door = await openControlledDoor({
      tools,
      answer: (body) => {
        if (Array.isArray(body)) return { text: JSON.stringify(body.map(answerTo)) };
        // Every second answer is an event stream.
        const message = answerTo(body as Arrived);
        const isEven = door.arrived.length % 2 === 0;
        return isEven ? { text: JSON.stringify(message) } : { type: "text/event-stream", text: event(message) };
      },
      stream: () => all.map(event).join(""),
    });
    await fc.assert(
      fc.asyncProperty(policies, async (policy) => {
        expect(await door.apply(policy)).toEqual([]);
        const listed = new Map<string, ReadonlySet<string>>();
        for (const method of Object.keys(lists)) listed.set(method, entriesOf((await door.post(request(method))).text));
        const batch = Object.keys(lists).map((method, id) => request(method, {}, id));
        const batched = await door.post(batch, { "mcp-protocol-version": "2025-03-26" });
        const replayed = await door.get();
        // The same in a batch and in a replay of answers on another stream.
        for (const text of [batched.text, replayed]) {
          const shown = messagesOf(text).map((message) => entriesOf(JSON.stringify(message)));
          expect(shown).toEqual([...listed.values()]);
        }
        for (const name of names) {
          for (const [list, method, params] of uses(name)) {
            const before = door.arrived.length;
            const { text } = await door.post(request(method, params));
            const isListed = listed.get(list)?.has(name) === true;
            expect([method, name, isAnswered(text)]).toEqual([method, name, isListed]);
            expect(door.arrived.length - before).toBe(isListed ? 1 : 0);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});
