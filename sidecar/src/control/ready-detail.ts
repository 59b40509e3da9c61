/**
 * Tells in `/readyz?verbose` how everything is that the sidecar depends on, by name. None of it makes the sidecar unready: without a
 * policy or a server it still does what it must, which is to refuse and to say why.
 */
import type { HealthReport } from "@outrigger/runtime/health";
import type { FeedState } from "@outrigger/api/feed";
import type { PolicyInForce } from "../bundle/policy-in-force.ts";

/** What is looked at, as it is now. */
export interface Dependencies {
  readonly policy: PolicyInForce;
  /** Ids of the keys that may sign a bundle; undefined where policy is not signed. */
  readonly trustKeyIds: readonly string[] | undefined;
  readonly feed: FeedState;
  /** Where the feed is served; undefined before it listens. */
  readonly controlPort: number | undefined;
}

type Checks = HealthReport["checks"];

/** Describes each dependency: `ok` says whether it is as it should be, `message` why. */
export function describeDependencies({ policy, trustKeyIds, feed, controlPort }: Dependencies): Checks {
  const { health, catalogue } = feed;
  const line = (name: string, ok: boolean, message: string): Checks[number] => ({ name, ok, message });
  return [
    line("policy", policy.reason === "PolicyApplied", `${policy.reason}: ${policy.message}, hash ${policy.hash}`),
    line("trust", true, describeTrust(trustKeyIds)),
    line("upstream", health.state === "Ready", `${health.state}, ${health.reason}: ${health.message}`),
    line("catalogue", catalogue.reason === "CatalogueListed", `${catalogue.reason}: ${catalogue.message}`),
    line("control", controlPort !== undefined, controlPort === undefined ? "not bound yet" : `port ${controlPort}`),
  ];
}

function describeTrust(keyIds: readonly string[] | undefined): string {
  return keyIds === undefined ? "no keys: policy is not signed" : `bundles may be signed by ${keyIds.join(", ")}`;
}

/** Whether a request asks for the lines: `/readyz?verbose`. */
export function asksForDetail(url: string): boolean {
  const [path, query = ""] = url.split("?", 2);
  return path === "/readyz" && new URLSearchParams(query).has("verbose");
}
