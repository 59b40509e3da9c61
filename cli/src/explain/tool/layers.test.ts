/** Layers of a pod: what its sidecar would put together, each with where it is from. */
import { generateKeyPair, signCompact, type PrivateJwk, type PublicJwk } from "@outrigger/runtime/jws";
import { beforeAll, describe, expect, it } from "vitest";
import { readPodLayers, type ReadLayers } from "./layers.ts";

let keyPair: { readonly privateJwk: PrivateJwk; readonly publicJwk: PublicJwk };
beforeAll(async () => {
  keyPair = await generateKeyPair();
});

const server = { namespace: "tools", name: "search" };
const sign = (change: object): Promise<string> => {
  const payload = { format: 1, audience: { namespace: "tools" }, version: 1, layers: [{}], ...change };
  return signCompact(JSON.stringify(payload), keyPair.privateJwk, "outrigger-policy");
};

interface PodOptions {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly floor?: object;
  readonly isTrusting?: boolean;
}
function readWith({ annotations = {}, floor, isTrusting = true }: PodOptions): ReadLayers {
  const env = [
    ...(isTrusting ? [{ name: "OUTRIGGER_TRUST_KEYS", value: JSON.stringify({ keys: [keyPair.publicJwk] }) }] : []),
    ...(floor === undefined ? [] : [{ name: "OUTRIGGER_QUICK_POLICY", value: JSON.stringify(floor) }]),
  ];
  const prefixed = Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [`outrigger.dev/${key}`, value]),
  );
  return readPodLayers(
    { metadata: { annotations: prefixed }, spec: { initContainers: [{ name: "outrigger-sidecar", env }] } },
    server,
  );
}

describe("the layers of a pod", () => {
  it("are the signed ones, the namespace's at admission and the pod's own", async () => {
    const policy = await sign({ layers: [{ tools: { deny: ["a"] } }, { tools: { deny: ["b"] } }] });
    const { layers, denied } = readWith({ annotations: { policy, "deny-tools": "c" }, floor: { denyTools: ["d"] } });
    expect(denied).toBeUndefined();
    expect(layers.map(({ origin, document }) => [origin, document.tools.deny])).toEqual([
      ["the signed policy, layer 1 of 2", ["a"]],
      ["the signed policy, layer 2 of 2", ["b"]],
      ["the namespace's annotations at admission", ["d"]],
      ["annotation outrigger.dev/deny-tools of the pod", ["c"]],
    ]);
  });

  it("are the annotations alone where no policy is signed", () => {
    const { layers, denied } = readWith({ isTrusting: false, annotations: { policy: "x", "deny-tools": "c" } });
    expect([layers.length, denied]).toEqual([1, undefined]);
  });

  it("deny everything while there is no signed policy that counts", async () => {
    const stranger = await generateKeyPair();
    const payload = JSON.stringify({ format: 1, audience: { namespace: "tools" }, version: 1, layers: [{}] });
    const cases = [
      ["", "not there"],
      ["no bundle", "refused"],
      [await signCompact(payload, stranger.privateJwk, "outrigger-policy"), "refused"],
      [await sign({ audience: { namespace: "tools", server: "files" } }), "meant for tools/files"],
      [await sign({ layers: [{ tols: {} }] }), "can't read"],
    ] as const;
    for (const [policy, why] of cases)
      expect(readWith({ annotations: { policy } }).denied, why).toEqual({
        reason: "PolicyMissing",
        why: expect.stringContaining(why) as string,
      });
  });

  it("deny everything where an annotation can't be read", async () => {
    const policy = await sign({});
    expect(readWith({ annotations: { policy, "deny-tools": "two words" } }).denied).toEqual({
      reason: "PolicyInvalid",
      why: expect.stringContaining("annotation outrigger.dev/deny-tools: expected") as string,
    });
  });
});
