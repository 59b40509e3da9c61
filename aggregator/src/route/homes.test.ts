import { expect, it } from "vitest";
import { createHomes } from "./homes.ts";

it("remembers a home per caller and server, and none for nobody in particular", () => {
  const homes = createHomes();
  homes.keep("a", "ns/one", "pod:1");
  homes.keep("a", "ns/two", "pod:2");
  homes.keep("", "ns/one", "pod:1");
  expect([homes.find("a", "ns/one"), homes.find("a", "ns/two"), homes.find("", "ns/one")]).toEqual([
    "pod:1",
    "pod:2",
    undefined,
  ]);
  homes.endCaller("a");
  expect(homes.size()).toBe(0);
});

it("is bounded: who called longest ago is forgotten first", () => {
  const homes = createHomes(3);
  for (const caller of ["a", "b", "c"]) homes.keep(caller, "ns/s", "pod:1");
  homes.keep("a", "ns/s", "pod:1");
  homes.keep("d", "ns/s", "pod:1");
  expect(["a", "b", "c", "d"].map((caller) => homes.find(caller, "ns/s"))).toEqual([
    "pod:1",
    undefined,
    "pod:1",
    "pod:1",
  ]);
});

it("forgets homes at sidecars that are gone", () => {
  const homes = createHomes();
  homes.keep("a", "ns/one", "pod:1");
  homes.keep("a", "ns/two", "pod:2");
  homes.keep("b", "ns/one", "pod:1");
  homes.keepOnly(new Set(["pod:2"]));
  expect([homes.find("a", "ns/one"), homes.find("a", "ns/two"), homes.size()]).toEqual([undefined, "pod:2", 1]);
});
