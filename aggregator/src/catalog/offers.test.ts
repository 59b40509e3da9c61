import { describe, expect, it } from "vitest";
import { listed, mergeAll } from "./example-servers.ts";
import { mergeOffers, type Offers } from "./offers.ts";
import { maxOfferedPerServer } from "./offer.ts";

interface Offering {
  readonly prompts?: readonly string[];
  readonly resources?: readonly string[];
  readonly templates?: readonly string[];
}

function offerOf(servers: Readonly<Record<string, Offering>>, mayUse: (name: string) => boolean = () => true): Offers {
  const changes = Object.entries(servers).map(([server, { prompts = [], resources = [], templates = [] }]) =>
    listed(server, ["t"], {
      digest: server,
      prompts: prompts.map((name) => ({ name, vendor: 1 })),
      resources: resources.map((uri) => ({ uri, name: uri })),
      resourceTemplates: templates.map((uriTemplate) => ({ uriTemplate, name: uriTemplate })),
    }),
  );
  const catalogue = mergeAll(changes);
  return mergeOffers({ servers: [...catalogue.servers.values()], mayUse: ({ name }) => mayUse(name) });
}

describe("the prompts of several servers", () => {
  it("are named as tools are, keep their other members, and are found by these names alone", () => {
    const offers = offerOf({ git: { prompts: ["review"] }, docs: { prompts: ["review", "a b"] } });
    expect(offers.prompts.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^tools__docs__a_b--/),
      "tools__docs__review",
      "tools__git__review",
    ]);
    expect(offers.prompts[1]).toMatchObject({ vendor: 1 });
    expect(offers.findPrompt("tools__git__review")).toMatchObject({ server: "git", name: "review" });
    expect(offers.findPrompt("review")).toBeUndefined();
  });

  it("are hidden where the caller may not use them", () => {
    const offers = offerOf({ git: { prompts: ["review", "secret"] } }, (name) => name !== "secret");
    expect(offers.prompts).toHaveLength(1);
    expect(offers.findPrompt("tools__git__secret")).toBeUndefined();
  });
});

describe("the resources of several servers", () => {
  const servers = {
    docs: { resources: ["doc:a", "shared:x"], templates: ["doc:{id}"] },
    wiki: { resources: ["wiki:a", "shared:x"] },
    plain: {},
  };
  const offers = offerOf(servers);

  it("keep a URI that is one server's alone; one of several leads to each by its routed form", () => {
    expect(offers.resources.map(({ uri }) => uri)).toEqual([
      "doc:a",
      "outrigger:tools/docs/shared:x",
      "outrigger:tools/wiki/shared:x",
      "wiki:a",
    ]);
    expect(offers.findResource("doc:a")).toMatchObject({ server: "docs", name: "doc:a" });
    expect(offers.findResource("shared:x")).toBeUndefined();
    expect(offers.findResource("outrigger:tools/wiki/shared:x")).toMatchObject({ server: "wiki", name: "shared:x" });
  });

  it("are read by the routed form at any time, also where nobody else has the URI", () => {
    expect(offers.findResource("outrigger:tools/docs/doc:a")).toMatchObject({ server: "docs", name: "doc:a" });
    expect(offers.findResource("outrigger:tools/nobody/doc:a")).toBeUndefined();
  });

  it("are found by a template, and completed by it", () => {
    expect(offers.findResource("doc:77")).toMatchObject({ server: "docs", name: "doc:77" });
    expect(offers.findTemplate("doc:{id}")).toMatchObject({ server: "docs", name: "doc:{id}" });
  });

  it("are spelled in results so that reading them leads back to their server", () => {
    for (const server of ["docs", "wiki"]) {
      for (const uri of ["doc:a", "wiki:a", "shared:x", "new:thing"]) {
        const spelled = offers.spell({ namespace: "tools", server }, uri);
        expect(offers.findResource(spelled)).toMatchObject({ server, name: uri });
      }
    }
    // Nobody can read anything of a server that offers no resource.
    expect(offers.spell({ namespace: "tools", server: "plain" }, "x:y")).toBe("x:y");
  });

  it("do not clash with one that the caller does not see", () => {
    const one = offerOf({ docs: servers.docs, wiki: { resources: ["wiki:a"] } });
    expect(one.resources.map(({ uri }) => uri)).toContain("shared:x");
  });

  it("of a server that is alone pass under any URI", () => {
    const alone = offerOf({ docs: servers.docs });
    expect(alone.findResource("never:listed")).toMatchObject({ server: "docs", name: "never:listed" });
    expect(alone.spell({ namespace: "tools", server: "docs" }, "never:listed")).toBe("never:listed");
  });
});

it("takes so many of a server, each name once, and none without a name, and says so", () => {
  const many = Array.from({ length: maxOfferedPerServer + 5 }, (_each, at) => ({ uri: `x:${at}` }));
  const change = listed("docs", [], {
    digest: "d",
    resources: [...many, {}, { uri: 7 }],
    prompts: [{ name: "p" }, { name: "p" }],
  });
  const [server] = mergeAll([change]).servers.values();
  expect(server?.offer.resources).toHaveLength(maxOfferedPerServer);
  expect(server?.offer.prompts).toHaveLength(1);
  expect(server?.findings).toEqual([
    { reason: "CatalogLimited", message: "2001 of 2009 listed prompts, resources and templates are served." },
    {
      reason: "EntriesHeldBack",
      message: "1 of 2009 listed entries are held back: 1 with a name that was listed before.",
    },
  ]);
});
