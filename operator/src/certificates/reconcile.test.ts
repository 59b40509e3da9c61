import { expect, it } from "vitest";
import { readEntries } from "../cluster/own-objects.ts";
import { buildRepair, findStrays, toCaBundle } from "./reconcile.ts";

const caBundle = toCaBundle({ trusted: ["one\n", "two\n"] });

it("repairs every entry of ours that trusts something else, tested by name, and no other", () => {
  const entries = readEntries({
    webhooks: [
      { name: "pod.inject.outrigger.dev" },
      { name: "theirs.example.com", clientConfig: { caBundle: "x" } },
      { name: "namespace.inject.outrigger.dev", clientConfig: { caBundle } },
      { name: "enforced.inject.outrigger.dev", clientConfig: { caBundle: "wiped" } },
    ],
  });
  const strays = findStrays(entries, caBundle);
  expect(strays.map(({ index }) => index)).toEqual([0, 3]);
  expect(buildRepair(strays, caBundle)).toEqual([
    { op: "test", path: "/webhooks/0/name", value: "pod.inject.outrigger.dev" },
    { op: "add", path: "/webhooks/0/clientConfig/caBundle", value: caBundle },
    { op: "test", path: "/webhooks/3/name", value: "enforced.inject.outrigger.dev" },
    { op: "add", path: "/webhooks/3/clientConfig/caBundle", value: caBundle },
  ]);
});

it("trusts all authorities that the Secret names, in its order", () => {
  expect(Buffer.from(caBundle, "base64").toString()).toBe("one\ntwo\n");
});
