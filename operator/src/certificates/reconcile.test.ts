import { resources, type RawWebhookConfiguration } from "@outrigger/kube";
import { expect, it } from "vitest";
import { readRegistration, trustFieldManager } from "../cluster/own-objects.ts";
import { buildRelease, buildRepair, findStrays, isOurs, listForeign, toCaBundle } from "./reconcile.ts";

const read = (raw: RawWebhookConfiguration) => readRegistration(resources.mutatingWebhookConfigurations, raw);
const caBundle = toCaBundle(["one\n", "two\n"]);
const toPem = (text: string): string => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;

it("repairs every entry of ours that trusts something else, tested by name, and no other", () => {
  const { entries } = read({
    webhooks: [
      { name: "pod.inject.outrigger.dev" },
      { name: "theirs.example.com", clientConfig: { caBundle: "x" } },
      { name: "namespace.inject.outrigger.dev", clientConfig: { caBundle } },
      { name: "enforced.inject.outrigger.dev", clientConfig: { caBundle: "wiped" } },
    ],
  });
  const strays = findStrays(entries, caBundle);
  expect(strays.map(({ index }) => index)).toEqual([0, 3]);
  const repair = buildRepair({ resourceVersion: "7", strays }, caBundle);
  expect(repair).toEqual([
    { op: "test", path: "/metadata/resourceVersion", value: "7" },
    { op: "test", path: "/webhooks/0/name", value: "pod.inject.outrigger.dev" },
    { op: "add", path: "/webhooks/0/clientConfig/caBundle", value: caBundle },
    { op: "test", path: "/webhooks/3/name", value: "enforced.inject.outrigger.dev" },
    { op: "add", path: "/webhooks/3/clientConfig/caBundle", value: caBundle },
  ]);
  expect(buildRepair({ resourceVersion: "", strays }, caBundle)).toEqual(repair.slice(1));
});

it("trusts all certificates that are wanted, in their order", () => {
  expect(Buffer.from(caBundle, "base64").toString()).toBe("one\ntwo\n");
});

it("keeps its hands off where another source is named, and not where none is", () => {
  const named = (source?: string) =>
    read({ metadata: source === undefined ? {} : { annotations: { "outrigger.dev/trust-from": source } } });
  expect(["self", "files", "cert-manager", "chart"].map((source) => isOurs(named(source), "self"))).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect(isOurs(named(), "self")).toBe(true);
});

it("finds what entries trust beside the wanted, each once", () => {
  const [ours, theirs] = [toPem("AAAA"), toPem("BBBB")];
  const entry = { index: 0, name: "pod.inject.outrigger.dev" };
  const entries = [[ours, theirs], [theirs], []].map((trusted) => ({ ...entry, caBundle: toCaBundle(trusted) }));
  expect(listForeign(entries, [ours])).toEqual([theirs]);
});

it("gives up its own claim on fields, tested by name", () => {
  const managedFields = [{ manager: "helm" }, { manager: trustFieldManager }];
  expect(read({ metadata: { managedFields } }).claim).toBe(1);
  expect(read({ metadata: { managedFields: [{ manager: "helm" }] } }).claim).toBeUndefined();
  expect(buildRelease(1)).toEqual([
    { op: "test", path: "/metadata/managedFields/1/manager", value: trustFieldManager },
    { op: "remove", path: "/metadata/managedFields/1" },
  ]);
});
