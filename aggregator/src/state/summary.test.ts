import { expect, it } from "vitest";
import { emptyCatalogue, mergeCatalogue, type CatalogueChange } from "../catalog/merge.ts";
import type { DiscoveryProblem } from "../discovery/source.ts";
import { summarise } from "./summary.ts";

const replica = { id: "r", createdAtMs: 0 };
const failed = (server: string, state: "Dead" | "Initializing" | "Ready", message?: string): CatalogueChange => ({
  kind: "failed",
  replica,
  namespace: "tools",
  server,
  group: "default",
  state,
  ...(message === undefined ? {} : { message }),
});
const listed = (server: string, state: "Ready" | "Degraded" | "Dead"): CatalogueChange => ({
  kind: "listed",
  replica,
  catalogue: { namespace: "tools", server, group: "default", digest: server, state, tools: [{ name: "t" }] },
});
const problem = (server: string, reason: DiscoveryProblem["reason"]): DiscoveryProblem => ({
  key: server,
  namespace: "tools",
  server,
  reason,
  message: "",
  createdAt: "",
  origin: "Injected",
  labels: {},
});

it("F-064 counts every server once: read, failed or not heard yet", () => {
  const changes = [
    listed("ready", "Ready"),
    listed("degraded", "Degraded"),
    listed("dead", "Dead"),
    failed("unlisted", "Ready", "it could not be listed"),
    failed("new", "Initializing"),
  ];
  const catalogue = changes.reduce(mergeCatalogue, emptyCatalogue({ qualify: "namespace" }));
  const problems = [
    problem("old", "NotInjected"),
    problem("old", "NotInjected"),
    problem("coming", "Starting"),
    // Another replica of this one can be dialled.
    problem("ready", "EndpointInvalid"),
  ];
  expect(summarise(catalogue, { sidecars: [], problems, asleep: [], faults: ["pods: 500"] })).toEqual({
    servers: 7,
    successful: 2,
    failed: 3,
    pending: 2,
    tools: 3,
    states: { Ready: 2, Degraded: 1, Dead: 2, Initializing: 2, Cold: 0 },
    faults: ["pods: 500"],
  });
});
