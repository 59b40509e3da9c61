import { compilePolicy, factsOfCaller, isVisible, parsePolicyDocument, type CallerFacts } from "@outrigger/policy";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyCatalogue, mergeCatalogue } from "../catalog/merge.ts";
import { createDecision } from "../endpoint/decide.ts";
import { resolveTool } from "../endpoint/tools/resolve.ts";
import { describeCatalogue } from "../search/describe.ts";
import { parseSearchRequest } from "../search/request.ts";
import { search } from "../search/search.ts";
import { emptySnapshot, followCatalogue } from "../search/snapshot.ts";
import { createGuard } from "./guard.ts";
import { guardsOf } from "./guards.ts";
import { narrowDecision } from "./narrow.ts";
import { chooseView } from "./wanted.ts";

const names = ["read_order", "read_price", "write_order", "drop_table"];
const globs = fc.array(fc.constantFrom("read_*", "*_order", "drop_table", "*"), { minLength: 1, maxLength: 2 });
const subjects = fc.array(
  fc.constantFrom(
    { kind: "User", name: "ann" },
    { kind: "Group", name: "ops" },
    { kind: "Claim", claim: "tenant", name: "red" },
    { kind: "ServiceAccount", name: "bot", namespace: "ci" },
    { kind: "Anonymous" },
    { kind: "Any" },
  ),
  { maxLength: 2 },
);
const rule = fc.record({ action: fc.constantFrom("Allow", "Deny"), subjects, tools: globs });
const policies = fc
  .record({
    defaultAction: fc.constantFrom("Allow", "Deny"),
    tools: fc.constantFrom({}, { deny: ["drop_table"] }, { allow: ["read_*"] }),
    rules: fc.array(rule, { maxLength: 3 }).map((rules) => rules.map((each, at) => ({ name: `r${at}`, ...each }))),
  })
  .map((document) => {
    const read = parsePolicyDocument(document);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    return compilePolicy([read.document]);
  });
const callers: fc.Arbitrary<CallerFacts | undefined> = fc.constantFrom(
  undefined,
  factsOfCaller({ kind: "Anonymous", sub: "anonymous" }),
  factsOfCaller({ kind: "User", sub: "ann", claims: { tenant: ["red"] } }),
  factsOfCaller({ kind: "User", sub: "olga", groups: ["ops"] }),
  factsOfCaller({ kind: "ServiceAccount", sub: "ci/bot" }),
);

describe("what a caller sees of a server", () => {
  it("F-127 F-162 is listed, found, counted and resolved if and only if the server's policy lets this caller call it", () => {
    fc.assert(
      fc.property(policies, callers, (policy, caller) => {
        const guard = createGuard({ key: "k", server: "shop", policy, hints: {} });
        const tools = names.map((name) => ({ name, description: `Tool to ${name.replace("_", " ")}` }));
        const listed = {
          namespace: "team",
          server: "shop",
          group: "g",
          digest: "d",
          state: "Ready",
          guard,
          tools,
        } as const;
        const replica = { id: "r", createdAtMs: 0 };
        const catalogue = mergeCatalogue(emptyCatalogue({ qualify: "server", namespace: "team" }), {
          ...{ kind: "listed", replica, catalogue: listed },
        });
        const decision = narrowDecision(createDecision({}), { guards: () => guardsOf(catalogue), caller });
        const index = followCatalogue(emptySnapshot(), catalogue);
        const callable = names.filter((name) =>
          isVisible(policy, { kind: "tool", name }, { server: "shop", ...(caller === undefined ? {} : { caller }) }),
        );
        const publicNames = callable.map((name) => `shop__${name}`).sort();

        expect(catalogue.tools.filter(decision.mayCall).map(({ publicName }) => publicName)).toEqual(publicNames);
        expect([...catalogue.servers.values()].some(decision.maySee)).toBe(callable.length > 0);
        const request = parseSearchRequest({ description: "tool to read write drop order price table", limit: 50 });
        if (!request.ok) throw new Error("a request that can be read");
        const found = search(index, request.value, decision.mayCall);
        expect(found.tools.map(({ name }) => name).sort()).toEqual(publicNames);
        const text = JSON.stringify([found, describeCatalogue(index, decision.mayCall)]);
        for (const name of names) {
          const resolved = resolveTool(catalogue, decision, { name: `shop__${name}` });
          expect(resolved.ok).toBe(callable.includes(name));
          if (callable.includes(name)) continue;
          expect(text).not.toContain(name);
          if (!resolved.ok) expect(resolved.message.replace(`shop__${name}`, "")).not.toContain(name);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("which catalogue of a sidecar is read", () => {
  const [digest, wide, policy] = ["a", "b", "c"].map((digit) => digit.repeat(64));
  const feed = { digest: digest ?? "", callers: { digest: wide ?? "", policy: policy ?? "" }, vouchers: ["k"] };

  it("is the one of all callers where one can be vouched for, else the one of nobody in particular", () => {
    expect(chooseView(feed, (vouchers) => vouchers?.includes("k") === true)).toEqual({ digest: wide, policy });
    expect(chooseView(feed, () => false)).toEqual({ digest, policy: undefined });
    expect(chooseView({ digest: digest ?? "" }, () => true)).toEqual({ digest, policy: undefined });
    expect(chooseView(undefined, () => true)).toBeUndefined();
  });
});
