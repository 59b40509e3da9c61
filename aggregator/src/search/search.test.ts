import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listed, mergeAll } from "../catalog/example-servers.ts";
import type { MayCall } from "./candidates.ts";
import type { SearchOutcome } from "./present.ts";
import { parseSearchRequest } from "./request.ts";
import { search } from "./search.ts";
import { emptySnapshot, followCatalogue } from "./snapshot.ts";

const everything: MayCall = () => true;

function createAsk(changes: Parameters<typeof mergeAll>[0]) {
  const catalogue = mergeAll(changes);
  const index = followCatalogue(emptySnapshot(), catalogue);
  const ask = (input: string | object, mayCall = everything): SearchOutcome => {
    const parsed = parseSearchRequest(typeof input === "string" ? { description: input } : input);
    if (!parsed.ok) throw new Error(`${parsed.field}: ${parsed.expected}`);
    return search(index, parsed.value, mayCall);
  };
  return { catalogue, ask };
}

const namesOf = (outcome: SearchOutcome): readonly string[] => outcome.tools.map((tool) => tool.name);
const schema = {
  type: "object",
  properties: { path: { type: "string", description: "Path of the file" } },
  required: ["path"],
};
const office = [
  listed(
    "filesystem",
    [
      {
        name: "read_file",
        description: "Read a file. Large ones are cut.",
        inputSchema: schema,
        annotations: { readOnlyHint: true },
      },
      { name: "write_file", description: "Write text to a file", inputSchema: schema },
      { name: "delete_file", description: "Remove a file for good" },
    ],
    { group: "local", description: "Files and folders of this machine" },
  ),
  listed("github", [
    { name: "create_issue", description: "Open a new issue in a repository" },
    { name: "search", description: "Search code in repositories", annotations: { readOnlyHint: true } },
  ]),
  listed("mail", [{ name: "send_message", description: "Send an e-mail to people" }], { state: "Degraded" }),
];

describe("search", () => {
  const { ask } = createAsk(office);

  it.each([
    ["read the contents of a file", "tools__filesystem__read_file"],
    ["create a ticket in a repo", "tools__github__create_issue"],
    ["remove file", "tools__filesystem__delete_file"],
    ["email somebody", "tools__mail__send_message"],
    ["serch code in repositries", "tools__github__search"],
  ])("F-093 finds over all servers what is meant by %j", (description, best) => {
    const outcome = ask(description);
    expect(outcome.tools[0]).toMatchObject({ name: best, score: 1 });
  });

  it("gives name, server, namespace, description, schema, annotations and score in full detail", () => {
    expect(ask({ description: "read file", limit: 1 })).toMatchObject({
      tools: [
        {
          name: "tools__filesystem__read_file",
          server: "filesystem",
          namespace: "tools",
          description: "Read a file. Large ones are cut.",
          inputSchema: schema,
          annotations: { readOnlyHint: true },
          score: 1,
        },
      ],
      confidence: "normal",
      did_you_mean: [],
    });
  });

  it("gives name, server, first sentence and required arguments in short detail", () => {
    expect(ask({ description: "read file", limit: 1, detail: "short" }).tools).toEqual([
      {
        name: "tools__filesystem__read_file",
        server: "filesystem",
        namespace: "tools",
        description: "Read a file.",
        required: ["path"],
        score: 1,
      },
    ]);
  });

  it.each([
    ["Reads e.g. a file. More.", "Reads e.g. a file."],
    ["Line one\n  goes on! Then more", "Line one goes on!"],
    ["No end", "No end"],
    [`${"long ".repeat(60)}end.`, `${"long ".repeat(40).slice(0, 197)}...`],
  ])("shortens %j to its first sentence", (description, sentence) => {
    const one = createAsk([listed("s", [{ name: "tool", description }])]);
    expect(one.ask({ description: "tool", detail: "short" }).tools[0]?.description).toBe(sentence);
  });

  it("marks tools of servers that are not ready", () => {
    expect(ask("send a message").tools[0]).toMatchObject({ name: "tools__mail__send_message", state: "Degraded" });
  });

  it("filters by group, namespace, server and read-only, before any cut", () => {
    const names = (filter: object): readonly string[] =>
      namesOf(ask({ description: "file issue search message", ...filter }));
    const files = ["delete_file", "read_file", "write_file"].map((name) => `tools__filesystem__${name}`);
    expect([...names({ group: "local" })].sort()).toEqual(files);
    expect([...names({ server_id: "filesystem" })].sort()).toEqual(files);
    expect([...names({ server_id: "tools/filesystem" })].sort()).toEqual(files);
    expect([...names({ read_only: true })].sort()).toEqual(["tools__filesystem__read_file", "tools__github__search"]);
    expect(names({ namespace: "other" })).toEqual([]);
    expect(names({ group: "default", read_only: true, limit: 1 })).toEqual(["tools__github__search"]);
  });

  it("takes keywords into account", () => {
    expect(namesOf(ask({ description: "do something with my data", keywords: ["send", "people"] }))[0]).toBe(
      "tools__mail__send_message",
    );
  });

  it("a server hint raises that server's tools and excludes none", () => {
    const two = createAsk([listed("alpha", ["send_text"]), listed("omega", ["send_text"], { title: "Omega mailer" })]);
    expect(namesOf(two.ask("send text"))[0]).toBe("tools__alpha__send_text");
    const hinted = two.ask({ description: "send text", server: "the omega or mailing server" });
    expect(namesOf(hinted)).toEqual(["tools__omega__send_text", "tools__alpha__send_text"]);
    expect(hinted.tools[0]?.score).toBe(1);
    expect(namesOf(two.ask({ description: "send text", server: "unknown" }))).toHaveLength(2);
  });

  it("F-086 names server and namespace where tools of one name are found", () => {
    const shared = createAsk([
      listed("db", [{ name: "query", description: "Query the shop" }]),
      listed("db", [{ name: "query", description: "Query the bank" }], { namespace: "prod" }),
    ]);
    expect(shared.ask("query").tools.map(({ server, namespace }) => [server, namespace])).toEqual([
      ["db", "prod"],
      ["db", "tools"],
    ]);
  });

  it("breaks ties by public name in byte order", () => {
    const equal = createAsk(["b", "a_", "aB", "a"].map((name) => listed(name, [{ name: "ping", description: name }])));
    const names = namesOf(equal.ask("ping"));
    expect(names).toEqual([...names].sort());
    expect(names).toHaveLength(4);
  });

  it("puts a tool that is named exactly first, by its public name or by an own name that only one has", () => {
    expect(namesOf(ask("tools__mail__send_message"))[0]).toBe("tools__mail__send_message");
    expect(namesOf(ask(" create_issue "))[0]).toBe("tools__github__create_issue");
    const two = createAsk([listed("one", ["run"], { title: "1" }), listed("two", ["run"], { title: "2" })]);
    expect(two.ask("tools__two__run").tools.map(({ name, score }) => [name, score])).toEqual([
      ["tools__two__run", 1],
      ["tools__one__run", expect.any(Number)],
    ]);
  });
});

describe("copies", () => {
  const copy = { name: "fetch", description: "Fetch a page", inputSchema: schema };
  const deployed = (count: number) =>
    Array.from({ length: count }, (_, at) => listed("web", [copy], { namespace: `team-${at}`, title: "Fetcher" }));
  const { ask } = createAsk([...deployed(15), listed("other", [{ name: "fetch_mail", description: "Fetch mail" }])]);

  it("of one tool take one place, with the other names beside it", () => {
    const { tools } = ask({ description: "fetch a page", limit: 2 });
    expect(tools.map((tool) => tool.name)).toEqual(["team-0__web__fetch", "tools__other__fetch_mail"]);
    expect(tools[0]?.same_as?.slice(0, 2)).toEqual(["team-10__web__fetch", "team-11__web__fetch"]);
    expect(tools[0]?.same_as).toHaveLength(10);
    expect(tools[0]?.same_as_more).toBe(4);
    expect(tools[1]).not.toHaveProperty("same_as");
  });

  it("that are hidden are not named, and the first visible one stands for the rest", () => {
    const mayCall: MayCall = ({ namespace }) => namespace === "team-3" || namespace === "team-7";
    const { tools } = ask("fetch", mayCall);
    expect(tools.map(({ name, same_as }) => [name, same_as])).toEqual([["team-3__web__fetch", ["team-7__web__fetch"]]]);
  });

  it("differ where their servers differ, even with equal definitions", () => {
    const two = createAsk([listed("a", [copy], { title: "Web" }), listed("b", [copy], { title: "Intranet" })]);
    expect(namesOf(two.ask("fetch"))).toEqual(["tools__a__fetch", "tools__b__fetch"]);
  });
});

describe("requests that find nothing or little", () => {
  const { ask } = createAsk(office);

  it.each(["", "  ", "x", "?!", "🎉", "what is this", "\u200b"])(
    "answers %j with advice instead of an error",
    (description) => {
      const outcome = ask(description);
      expect(outcome.tools).toEqual([]);
      expect(outcome.confidence).toBe("low");
      expect(outcome.hint).toMatch(/^Describe the task .* list_servers/);
    },
  );

  it.each(["zeppelin maintenance", "погода сегодня", "天気予報", 'SELECT 1; -- {"a":*}'])(
    "answers %j, which matches nothing, with an empty list",
    (description) => {
      expect(ask(description)).toMatchObject({
        tools: [],
        confidence: "low",
        did_you_mean: [],
        hint: expect.stringContaining("No tool matches") as string,
      });
    },
  );

  it("suggests visible names for one that is misspelled", () => {
    const mayCall: MayCall = ({ name }) => name !== "delete_file";
    expect(ask("filesystem__raed_file", mayCall).did_you_mean).toEqual([
      "tools__filesystem__read_file",
      "tools__filesystem__write_file",
    ]);
    expect(ask("tools__filesystem__delete_file", mayCall).did_you_mean).not.toContain("tools__filesystem__delete_file");
  });

  it("is unsure where the best tool holds only side words of the request", () => {
    const outcome = ask("calibrate the telescope mirror for tonight's observation of people and comets near Saturn");
    expect(outcome).toMatchObject({ confidence: "low", hint: expect.stringContaining("The match is weak") as string });
    expect(ask("send an e-mail to people").confidence).toBe("normal");
  });

  it("says that it used only the beginning of a long text", () => {
    expect(ask(`read file ${"x".repeat(5_000)}`)).toMatchObject({ truncated: true });
    expect(ask("read file")).not.toHaveProperty("truncated");
  });

  it("is not led astray by hundreds of words that no tool knows", () => {
    const noise = Array.from({ length: 400 }, (_, at) => `q${String.fromCharCode(97 + (at % 26))}z${at}`).join(" ");
    expect(namesOf(ask(`${noise} read file`))[0]).toBe("tools__filesystem__read_file");
  });

  it("works without tools, with one tool, and with a tool that says nothing of itself", () => {
    expect(createAsk([]).ask("read file").tools).toEqual([]);
    expect(createAsk([listed("s", [])]).ask("s").tools).toEqual([]);
    const { tools } = createAsk([listed("s", ["mute"])]).ask("mute");
    expect(tools).toEqual([{ name: "tools__s__mute", server: "s", namespace: "tools", score: 1 }]);
  });

  it("reads schemas that are not what they should be", () => {
    const odd = [
      { name: "one", inputSchema: null },
      { name: "two", inputSchema: { properties: [1] } },
      { name: "three", inputSchema: { properties: { fruit: true, pear: { enum: ["juicy", 3, null] } } } },
    ];
    const found = createAsk([listed("s", odd)]).ask({ description: "juicy fruit", detail: "short" });
    expect(found.tools).toMatchObject([{ name: "tools__s__three", required: [] }]);
  });
});

describe("visibility", () => {
  const words = ["read", "write", "file", "issue", "mail", "report", "remove", "delete", "raed"];
  const text = fc.array(fc.constantFrom(...words), { maxLength: 4 }).map((list) => list.join(" "));
  const tool = fc.record({
    name: fc.constantFrom(...words.map((word) => `${word}_x`), "file", "mail"),
    description: text,
  });
  const server = fc.tuple(fc.uniqueArray(tool, { selector: ({ name }) => name, maxLength: 5 }), text);
  const world = fc
    .array(server, { minLength: 1, maxLength: 4 })
    .map((list) => createAsk(list.map(([tools, description], at) => listed(`s${at}`, tools, { description }))));
  const request = fc.record({ description: text, limit: fc.integer({ min: 1, max: 50 }) });

  it("every returned or suggested tool is callable, best first, scores above 0 and at most 1", () => {
    fc.assert(
      fc.property(world, request, fc.func(fc.boolean()), ({ ask }, input, may) => {
        const { tools, did_you_mean } = ask(input, ({ publicName }) => may(publicName));
        const named = [...tools.flatMap(({ name, same_as = [] }) => [name, ...same_as]), ...did_you_mean];
        for (const name of named) expect(may(name)).toBe(true);
        expect(tools.length).toBeLessThanOrEqual(input.limit);
        const scores = tools.map((each) => each.score);
        expect(scores).toEqual([...scores].sort((a, b) => b - a));
        expect(scores.every((score) => score > 0 && score <= 1)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("every callable tool is first for its exact public name, and a hidden one is as absent", () => {
    fc.assert(
      fc.property(world, fc.func(fc.boolean()), ({ catalogue, ask }, may) => {
        const mayCall: MayCall = ({ publicName }) => may(publicName);
        for (const { publicName } of catalogue.tools) {
          const isFirst = ask({ description: publicName, limit: 1 }, mayCall).tools[0]?.name === publicName;
          expect(isFirst).toBe(may(publicName));
        }
      }),
    );
  });

  it("ranks the visible tools as among all, with the maximum taken among the visible", () => {
    // Words that are unlike each other: help with spelling looks at what is visible and would add results of its own.
    const plain = fc.array(fc.constantFrom("read", "write", "mail", "report", "zebra"), { maxLength: 4 });
    const described = fc.record({
      name: fc.constantFrom("one", "two", "three", "four"),
      description: plain.map((list) => list.join(" ")),
    });
    const servers = fc.array(fc.uniqueArray(described, { selector: ({ name }) => name }), { maxLength: 5 });
    fc.assert(
      fc.property(servers, plain, fc.func(fc.boolean()), (list, query, may) => {
        const { ask } = createAsk(list.map((tools, at) => listed(`s${at}`, tools)));
        const request = { description: query.join(" "), limit: 50 };
        const expected = ask(request).tools.filter(({ name }) => may(name));
        const seen = ask(request, ({ publicName }) => may(publicName)).tools;
        expect(seen.map(({ name }) => name)).toEqual(expected.map(({ name }) => name));
        for (const [at, { score }] of seen.entries()) {
          expect(score).toBeCloseTo(expected[at]!.score / expected[0]!.score, 2);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("asks the caller's decision at most once per tool", () => {
    fc.assert(
      fc.property(world, request, fc.func(fc.boolean()), ({ ask }, input, may) => {
        const asked: string[] = [];
        ask(input, ({ publicName }) => asked.push(publicName) > 0 && may(publicName));
        expect(new Set(asked).size).toBe(asked.length);
      }),
    );
  });

  it("no name of a hidden tool stands anywhere in an answer", () => {
    fc.assert(
      fc.property(world, request, fc.func(fc.boolean()), ({ catalogue, ask }, input, may) => {
        const outcome = JSON.stringify(ask(input, ({ publicName }) => may(publicName)));
        for (const { publicName } of catalogue.tools) {
          if (!may(publicName)) expect(outcome).not.toContain(`"${publicName}"`);
        }
      }),
    );
  });
});
