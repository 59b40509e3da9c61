/** Which signed policy a pod begins with: never an older one than the installation's, whatever the pod brings. */
import { describe, expect, it } from "vitest";
import { readPod, type PodView } from "../read/pod.ts";
import { choosePolicy, type ChosenPolicy, type PolicyContext } from "./policy.ts";

const sign = (payload: object): string =>
  ["{}", JSON.stringify(payload), "signature"].map((part) => Buffer.from(part).toString("base64url")).join(".");
const bundleOf = (version: number, audience: object = { namespace: "tools" }): string =>
  sign({ format: 1, audience, version, layers: [{}] });

function podWith(policy: string | undefined): PodView {
  const annotations = policy === undefined ? {} : { "outrigger.dev/policy": policy };
  const read = readPod({ metadata: { annotations }, spec: { containers: [{ name: "app" }] } });
  if (!read.ok) throw new Error(read.expected);
  return read.pod;
}

const current = bundleOf(10);
const choose = (policy: string | undefined, change: Partial<PolicyContext> = {}): ChosenPolicy =>
  choosePolicy(podWith(policy), {
    installation: { trustKeys: "{}", bundle: current },
    namespace: "tools",
    serverName: "search",
    wasInjected: true,
    ...change,
  });

describe("the policy of a pod", () => {
  it("is the namespace's for a pod that brings none", () => {
    expect(choose(undefined, { wasInjected: false })).toEqual({ value: current, warnings: [] });
    expect(choose(undefined)).toEqual({ value: current, warnings: [] });
  });

  it.each([
    ["the namespace's own", bundleOf(10)],
    ["a newer one of the namespace", bundleOf(11)],
    ["its server's", bundleOf(10, { namespace: "tools", server: "search" })],
  ])("stays on an injected pod where it is %s", (_name, given) => {
    expect(choose(given)).toEqual({ value: given, warnings: [] });
  });

  it.each([
    ["older", bundleOf(9)],
    ["of another namespace", bundleOf(11, { namespace: "other" })],
    ["of another server", bundleOf(11, { namespace: "tools", server: "other" })],
    ["of another format", sign({ format: 2, audience: { namespace: "tools" }, version: 11, layers: [{}] })],
    ["no bundle", "x"],
    ["four parts", `${bundleOf(11)}.x`],
    ["empty", ""],
  ])("is replaced on an injected pod where it is %s", (_name, given) => {
    expect(choose(given)).toEqual({ value: current, warnings: [] });
  });

  it("is replaced on a pod that was not injected, however new it is", () => {
    expect(choose(bundleOf(11), { wasInjected: false })).toEqual({ value: current, warnings: [] });
  });

  it("is pending while the namespace has none, and what the pod brings is taken away", () => {
    const installation = { trustKeys: "{}" };
    expect(choose(undefined, { installation })).toMatchObject({
      value: undefined,
      warnings: [{ reason: "PolicyPending" }],
    });
    expect(choose(bundleOf(11), { installation })).toMatchObject({
      value: undefined,
      warnings: [{ reason: "PolicyPending" }],
    });
  });

  it("is none where policy is not signed", () => {
    expect(choose("x", { installation: {} })).toEqual({ value: undefined, warnings: [] });
  });
});
