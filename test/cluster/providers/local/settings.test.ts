/** Names and addresses from the environment. */
import { describe, expect, it } from "vitest";
import { readLocalSettings } from "./settings.ts";

describe("settings of the local cluster", () => {
  it("keeps all addresses in one range", () => {
    const settings = readLocalSettings({ OUTRIGGER_CLUSTER_SUBNET: "172.20" });
    expect(settings).toMatchObject({
      clusterRange: "172.20.0.0/16",
      hostIp: "172.20.255.1",
      nodeIp: "172.20.255.11",
      podRange: "172.20.1.0/24",
      serviceRange: "172.20.128.0/18",
    });
  });

  it("keeps two clusters apart by name alone", () => {
    const [one, two] = [readLocalSettings({}), readLocalSettings({ OUTRIGGER_CLUSTER_NAME: "other" })];
    for (const field of ["bridge", "cable", "stateFolder", "kubeconfig"] as const)
      expect(one[field]).not.toBe(two[field]);
  });

  it("takes an empty path for none, never for the current folder", () => {
    const empty = { OUTRIGGER_CLUSTER_STATE: "", OUTRIGGER_K8S_BIN: "", OUTRIGGER_CACHE: "" };
    expect(readLocalSettings(empty)).toEqual(readLocalSettings({}));
  });

  it.each([
    ["OUTRIGGER_CLUSTER_NAME", "../../etc"],
    ["OUTRIGGER_CLUSTER_NAME", "averyverylongname"],
    ["OUTRIGGER_CLUSTER_SUBNET", "10.200.0.0/16"],
    ["OUTRIGGER_CLUSTER_SYNC", "soon"],
    ["OUTRIGGER_CLUSTER_PROXY_MODE", "ipvs"],
    ["OUTRIGGER_CLUSTER_FEATURE_GATES", "PodLevelResources=off"],
  ])("refuses %s=%s by name and value", (name, value) => {
    expect(() => readLocalSettings({ [name]: value })).toThrow(`${name}: "${value}"`);
  });
});
