import { expect, it } from "vitest";
import { warnOfUnknownKeys } from "./annotations.ts";

const textsOf = (given: object, kind: "annotation" | "label" = "annotation"): readonly string[] =>
  warnOfUnknownKeys(given as Record<string, unknown>, kind).map(({ text }) => text);

it("has nothing against keys that are read, and keys of others", () => {
  expect(textsOf({ "outrigger.dev/port": "1", "example.com/port": "1" })).toEqual([]);
});

it("names the key that somebody may have meant, and the form that it has", () => {
  expect(textsOf({ "outrigger.dev/prot": "1" })).toEqual([
    "annotation outrigger.dev/prot is not read; did you mean port?",
  ]);
  expect(textsOf({ "outrigger.dev/inject": "enabled" })).toEqual([
    "outrigger.dev/inject is read as label, not as annotation",
  ]);
});

it("names the place of a key that is the workload's, where it stands on its pods", () => {
  expect(textsOf({ "outrigger.dev/idle-ttl": "10m" })).toEqual([
    "outrigger.dev/idle-ttl is read on deployment and statefulset alone",
  ]);
});
