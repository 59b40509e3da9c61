import { expect, it } from "vitest";
import { planEndpoint, type PlanInputs } from "./plan.ts";
import { readEndpointFile } from "./read-file.ts";

const file = readEndpointFile(
  JSON.stringify({
    endpoints: { reviews: { description: "For reviewers.", servers: ["*"] } },
    groups: {
      code: { exclude: ["*__push"] },
      "tools/code": { description: "Only here.", exposure: { mode: "direct" } },
    },
  }),
);
if (!file.ok) throw new Error(file.problem);
const settings = { mode: "hybrid", directBelow: 20, pinned: ["a__b"] } as const;
const inputs: PlanInputs = { file: file.value, exposure: settings, names: { qualify: "namespace" } };

it("gives all servers and groups without settings what the settings of the program say", () => {
  expect(planEndpoint({ kind: "all" }, inputs)).toEqual({ scope: {}, exposure: settings });
  expect(planEndpoint({ kind: "group", group: "data" }, inputs)).toEqual({
    scope: { group: "data" },
    exposure: settings,
  });
});

it("F-084 takes the settings of a group in its namespace before those of its name", () => {
  expect(planEndpoint({ kind: "group", group: "code" }, inputs)).toMatchObject({
    scope: { group: "code", shows: expect.any(Function) as unknown },
    exposure: settings,
  });
  expect(planEndpoint({ kind: "group", group: "code", namespace: "tools" }, inputs)).toEqual({
    scope: { group: "code", namespace: "tools" },
    exposure: { mode: "direct", directBelow: 20, pinned: [] },
    about: "Only here.",
  });
  expect(planEndpoint({ kind: "group", group: "code", namespace: "other" }, inputs)).toMatchObject({
    scope: { namespace: "other", shows: expect.any(Function) as unknown },
  });
});

it("F-102 lists a server directly, and needs its namespace where names tell it", () => {
  const address = { kind: "server", server: "git" } as const;
  expect(planEndpoint(address, inputs)).toBeUndefined();
  expect(planEndpoint({ ...address, namespace: "tools" }, inputs)).toMatchObject({
    exposure: { mode: "direct", pinned: [] },
    reshape: { kind: "server", namespace: "tools", server: "git" },
  });
  const short = { ...inputs, names: { qualify: "server", namespace: "local" } } as const;
  expect(planEndpoint(address, short)).toMatchObject({ reshape: { namespace: "local", server: "git" } });
});

it("F-103 lists a named endpoint as its number of tools asks for, and knows no others", () => {
  expect(planEndpoint({ kind: "named", name: "reviews" }, inputs)).toMatchObject({
    exposure: { mode: "auto", directBelow: 20 },
    about: "For reviewers.",
  });
  expect(planEndpoint({ kind: "named", name: "other" }, inputs)).toBeUndefined();
});
