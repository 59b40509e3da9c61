import { compilePolicy, factsOfCaller, isVisible, parsePolicyDocument, type CallerFacts } from "@outrigger/policy";
import fc from "fast-check";
import { expect, it } from "vitest";
import { emptyCatalogue, mergeCatalogue, type CatalogueSnapshot } from "../catalog/merge.ts";
import { mergeOffers } from "../catalog/offers.ts";
import { createDecision } from "../endpoint/decide.ts";
import { aimAtPrompt, aimAtRef, aimAtResource, type Aim } from "../endpoint/methods/targets.ts";
import { resolveTool } from "../endpoint/tools/resolve.ts";
import { createLens, type Lens } from "../plan/lens.ts";
import { selectAll } from "../plan/selection.ts";
import { createGuard } from "./guard.ts";
import { guardsOf } from "./guards.ts";
import { narrowDecision } from "./narrow.ts";

/** What both servers offer, by the kind by which rules name it. */
const offered = {
  tool: ["read_order", "drop_table"],
  prompt: ["greet_all", "audit_order"],
  resource: ["note://orders", "note://secrets", "note://{year}/sales"],
} as const;
const servers = ["shop", "vault"] as const;

const subjects = fc.array(
  fc.constantFrom(
    { kind: "User", name: "ann" },
    { kind: "Group", name: "ops" },
    { kind: "Anonymous" },
    { kind: "Any" },
  ),
  { maxLength: 2 },
);
const some = (...globs: readonly string[]) => fc.subarray([...globs]);
const rule = fc.record({
  ...{ action: fc.constantFrom("Allow", "Deny"), subjects },
  tools: some("read_*", "drop_table", "*"),
  prompts: some("greet_*", "audit_order", "*"),
  resources: some("note://orders", "note://secrets", "note://*"),
});
const policies = fc
  .record({
    defaultAction: fc.constantFrom("Allow", "Deny"),
    rules: fc.array(rule, { maxLength: 3 }).map((rules) => rules.map((each, at) => ({ name: `r${at}`, ...each }))),
  })
  .map((document) => {
    const read = parsePolicyDocument(document);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    return compilePolicy([read.document]);
  });
const callers: fc.Arbitrary<CallerFacts | undefined> = fc.constantFrom(
  undefined,
  factsOfCaller({ kind: "User", sub: "ann" }),
  factsOfCaller({ kind: "User", sub: "olga", groups: ["ops"] }),
);

/** The lens of each kind of endpoint, and how it names what a server offers. */
const endpoints: readonly { readonly kind: string; readonly lens: Lens; readonly shows: readonly string[] }[] = [
  { kind: "all servers", lens: (catalogue: CatalogueSnapshot) => catalogue, shows: servers },
  { kind: "one server", lens: createLens({ kind: "server", namespace: "team", server: "shop" }), shows: ["shop"] },
  {
    ...{ kind: "endpoint file", shows: ["shop"] },
    lens: createLens({ kind: "selection", selection: { ...selectAll, servers: ["team/shop"] }, rules: [] }),
  },
];

function buildCatalogue(policy: ReturnType<typeof compilePolicy>): CatalogueSnapshot {
  return servers.reduce(
    (catalogue, server) => {
      const guard = createGuard({ key: `k ${server}`, server, policy, hints: {} });
      const own = (text: string): string => text.replace("note://", `note://${server}/`);
      const [orders, secrets, template] = offered.resource.map(own);
      return mergeCatalogue(catalogue, {
        kind: "listed",
        replica: { id: server, createdAtMs: 0 },
        catalogue: {
          ...{ namespace: "team", server, group: "g", digest: server, state: "Ready" as const, guard },
          tools: offered.tool.map((name) => ({ name, inputSchema: { type: "object" } })),
          prompts: offered.prompt.map((name) => ({ name })),
          resources: [orders, secrets].map((uri) => ({ uri, name: "n" })),
          resourceTemplates: [{ uriTemplate: template, name: "t" }],
        },
      });
    },
    emptyCatalogue({ qualify: "server", namespace: "team" }),
  );
}

/** Every request by which a prompt, a resource or a template can be asked for. */
function waysTo(
  kind: keyof typeof offered,
  name: string,
): readonly (readonly [Aim, Readonly<Record<string, unknown>>])[] {
  if (kind === "tool") return [];
  const ref = kind === "prompt" ? { type: "ref/prompt", name } : { type: "ref/resource", uri: name };
  const completion = [aimAtRef, { ref, argument: {} }] as const;
  if (kind === "prompt") return [completion, [aimAtPrompt, { name }]];
  return name.includes("{") ? [completion] : [completion, [aimAtResource, { uri: name }]];
}

it("F-127 F-162 lists tools, prompts, resources and templates if and only if they can be used, at every kind of endpoint", () => {
  fc.assert(
    fc.property(policies, callers, (policy, caller) => {
      const whole = buildCatalogue(policy);
      for (const { kind: endpoint, lens, shows } of endpoints) {
        const catalogue = lens(whole);
        const decision = narrowDecision(createDecision({}), { guards: () => guardsOf(catalogue), caller });
        const seen = [...catalogue.servers.values()].filter(decision.maySee);
        const offers = mergeOffers({ servers: seen, mayUse: decision.mayUse });
        const allows = (server: string, kind: keyof typeof offered, name: string): boolean =>
          isVisible(policy, { kind, name }, { server, ...(caller === undefined ? {} : { caller }) });
        /** What is asked for by these words is found exactly where it may be, and else nothing of it is told but these words. */
        const check = (aim: Aim, params: Readonly<Record<string, unknown>>, mayUse: boolean): void => {
          const aimed = aim(offers, params);
          expect([endpoint, params, aimed.ok]).toEqual([endpoint, params, mayUse]);
          if (aimed.ok || aimed.outcome.kind !== "error") return;
          const told = aimed.outcome.error.message.replace(aimed.asked, "");
          for (const { name } of hidden) expect(told).not.toContain(name);
        };
        const isOne = endpoint === "one server";
        const own = (server: string, text: string): string => text.replace("note://", `note://${server}/`);
        const all = shows.flatMap((server) =>
          (["tool", "prompt", "resource"] as const).flatMap((kind) =>
            offered[kind].map((text) => {
              const ownName = kind === "resource" ? own(server, text) : text;
              const name = isOne || kind === "resource" ? ownName : `${server}__${text}`;
              return { kind, name, mayUse: allows(server, kind, ownName) };
            }),
          ),
        );
        const hidden = all.filter(({ mayUse }) => !mayUse);
        const listed = [
          ...catalogue.tools.filter(decision.mayCall).map(({ publicName }) => publicName),
          ...offers.prompts.map(({ name }) => name),
          ...offers.resources.map(({ uri }) => uri),
          ...offers.templates.map(({ uriTemplate }) => uriTemplate),
        ];
        expect([endpoint, listed.toSorted()]).toEqual([
          endpoint,
          all.flatMap(({ name, mayUse }) => (mayUse ? [name] : [])).toSorted(),
        ]);
        for (const { kind, name, mayUse } of all) {
          if (kind === "tool") expect([name, resolveTool(catalogue, decision, { name }).ok]).toEqual([name, mayUse]);
          for (const [aim, params] of waysTo(kind, name)) check(aim, params, mayUse);
        }
      }
    }),
    { numRuns: 100 },
  );
});
