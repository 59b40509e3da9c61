import { expect, it } from "vitest";
import { listed, mergeAll } from "../catalog/example-servers.ts";
import type { EndpointAddress } from "../plan/address.ts";
import { refuseUnknown, type KnownNames } from "./unknown.ts";

const catalogue = mergeAll([
  listed("github", ["a"], { group: "code" }),
  listed("gitlab", ["a"], { namespace: "other", group: "code" }),
]);
const known: KnownNames = {
  servers: [...catalogue.servers.values()],
  endpoints: ["reviews"],
  names: { qualify: "namespace" },
  isSettled: true,
};
const messageOf = (address: EndpointAddress | undefined, given: Partial<KnownNames> = {}) => {
  const { status, message } = refuseUnknown(address, { ...known, ...given });
  return [status, message];
};

it("F-102 names what there is none of, and the nearest names in the form that a path needs", () => {
  expect(messageOf({ kind: "server", server: "github" })).toEqual([
    404,
    'There is no server "github". The nearest names are: tools/github.',
  ]);
  expect(messageOf({ kind: "server", namespace: "other", server: "gitlap" })[1]).toContain("names are: other/gitlab");
  const short = { names: { qualify: "server", namespace: "tools" } } as const;
  expect(messageOf({ kind: "server", server: "githup" }, short)[1]).toContain("The nearest names are: github");
  expect(messageOf({ kind: "group", group: "cod" })[1]).toBe('There is no group "cod". The nearest names are: code.');
  expect(messageOf({ kind: "named", name: "review" })[1]).toContain("The nearest names are: reviews.");
  expect(messageOf({ kind: "named", name: "zzz" })).toEqual([404, 'There is no endpoint "zzz".']);
  expect(messageOf(undefined)).toEqual([404, "There is no such endpoint."]);
});

it("suggests nothing that the caller may not see", () => {
  const hidden = messageOf({ kind: "server", namespace: "tools", server: "github" }, { servers: [] });
  expect(hidden).toEqual([404, 'There is no server "tools/github".']);
});

it("tells to come again while servers are still being found, but knows its own file at once", () => {
  expect(messageOf({ kind: "group", group: "cod" }, { isSettled: false })).toEqual([
    503,
    'Servers are still being found, and group "cod" is not among them yet.',
  ]);
  expect(messageOf({ kind: "named", name: "x" }, { isSettled: false })[0]).toBe(404);
});

it("shows no control characters and no name of any length", () => {
  const [, message] = messageOf({ kind: "server", server: `x\u0000\u202e${"y".repeat(500)}` });
  expect(message).toMatch(/^There is no server "x\?\?y{125}"/);
});
