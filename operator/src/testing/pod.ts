/** An injected pod as tests need one. */
import { keys } from "@outrigger/api/keys";
import type { InjectedPod } from "../cluster/injected-pod.ts";

/** A pod of server `search` in namespace `tools` with the app on 8080 and the sidecar on its usual port. */
export function makePod(name: string, change: Partial<InjectedPod> = {}): InjectedPod {
  const server = change.server ?? "search";
  return {
    uid: `uid-${name}`,
    namespace: "tools",
    name,
    server,
    labels: { [keys.injected.key]: "true", [keys.server.key]: server },
    createdAt: "2026-11-21T10:00:00Z",
    isReady: true,
    addresses: ["10.0.0.1"],
    dataPort: 19_080,
    upstreamPort: 8_080,
    declaredPorts: [8_080],
    guarantee: "policy",
    pinnedKeys: [],
    policy: undefined,
    enforced: undefined,
    controller: undefined,
    shown: { group: "default" },
    ...change,
  };
}
