import { describe, expect, it } from "vitest";
import { quickFileOf, quickKeys, readBundlePayload } from "./bundle.ts";
import { keyList, keys } from "./keys.ts";

const payload = {
  format: 1,
  audience: { namespace: "tools", server: "search" },
  version: 1_763_700_000_000,
  layers: [{}],
};

describe("the payload of a bundle", () => {
  it("is read for one server or for a namespace, its layers as they came", () => {
    expect(readBundlePayload(payload)).toEqual({ ok: true, value: payload });
    const wide = { ...payload, audience: { namespace: "tools" }, layers: [{ tools: { deny: ["a"] } }, 3] };
    expect(readBundlePayload(wide)).toEqual({ ok: true, value: wide });
  });

  it.each([
    ["another format", { format: 2 }],
    ["a member that is not known", { mode: "Audit" }],
    ["no audience", { audience: undefined }],
    ["an audience without namespace", { audience: { server: "search" } }],
    ["an audience with an empty server", { audience: { namespace: "tools", server: "" } }],
    ["an audience with a further member", { audience: { namespace: "tools", servers: ["a"] } }],
    ["a version that is no whole number", { version: 1.5 }],
    ["a version as text", { version: "1" }],
    ["a negative version", { version: -1 }],
    ["no layers, which would allow everything", { layers: [] }],
    ["layers that are no list", { layers: {} }],
    ["too many layers", { layers: Array.from({ length: 65 }, () => ({})) }],
  ])("is refused with %s", (_name, change) => {
    expect(readBundlePayload({ ...payload, ...change }).ok).toBe(false);
  });

  it.each([[null], [[]], ["text"], [undefined]])("is not %j", (value) => {
    expect(readBundlePayload(value).ok).toBe(false);
  });
});

it("every annotation that narrows has a file of its name in the pod's folder", () => {
  const narrowing = keyList.filter(({ narrows }) => narrows === true).map(({ key }) => key);
  expect(quickKeys.map((name) => keys[name].key).toSorted()).toEqual(narrowing.toSorted());
  expect(quickKeys.map(quickFileOf)).toEqual([
    "allow-tools",
    "deny-tools",
    "rate-limit",
    "max-concurrency",
    "max-response-bytes",
  ]);
});
