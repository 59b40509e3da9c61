import { describe, expect, it } from "vitest";
import { addressOf, checkReplicas, replicaSettings, type ReplicaValues } from "./settings.ts";

const none: ReplicaValues = {
  ...{ sessionKeys: undefined, peerListen: undefined, self: undefined, peers: [], peerService: undefined },
  kube: undefined,
};
const shared = { sessionKeys: "keys", peerListen: { host: "0.0.0.0", port: 7779 }, self: "10.0.0.1" };
const service = { namespace: "outrigger", name: "peers" };

describe("settings of replicas", () => {
  it("are complete or absent", () => {
    expect(checkReplicas(none)).toEqual([]);
    expect(checkReplicas({ ...none, sessionKeys: "keys" })).toEqual([]);
    expect(checkReplicas({ ...none, ...shared, peers: ["http://b"] })).toEqual([]);
    expect(checkReplicas({ ...none, ...shared, peerService: service, kube: {} })).toEqual([]);
    expect(checkReplicas({ ...none, peers: ["http://b"] })).toEqual([
      "--peers and --peer-service need --session-keys, --peer-listen, --self",
    ]);
    expect(checkReplicas({ ...none, self: "10.0.0.1" })).toEqual([
      "--peer-listen and --self go with --peers or --peer-service",
    ]);
    expect(checkReplicas({ ...none, ...shared, peers: ["http://b"], peerService: service })).toEqual([
      "--peers and --peer-service do not go together",
      "--peer-service goes with --kube",
    ]);
  });

  it("name a replica by its address, with the port that it listens on", () => {
    expect(addressOf("10.0.0.1", { port: 7779 })).toBe("http://10.0.0.1:7779");
    expect(addressOf("fd00::1", { port: 7779 })).toBe("http://[fd00::1]:7779");
    expect(addressOf("https://a.example", { port: 7779 })).toBe("https://a.example");
  });

  it("refuse what is no address and no Service", () => {
    const { self, peers, peerService } = replicaSettings;
    for (const text of ["host", "http://h/path", "http://u:p@h", "ftp://h", "http://h?x=1"]) {
      expect([text, self.parse(text).ok, peers.parse(text).ok]).toEqual([text, false, false]);
    }
    expect(self.parse("fd00::1")).toEqual({ ok: true, value: "fd00::1" });
    expect(peers.parse("http://a:1/, https://b")).toEqual({ ok: true, value: ["http://a:1", "https://b"] });
    expect(peerService.parse("outrigger/peers")).toEqual({ ok: true, value: service });
    for (const text of ["peers", "a/b/c", "/b", "A/b"]) expect(peerService.parse(text).ok).toBe(false);
  });
});
