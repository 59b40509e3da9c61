import { asleepObject, writeAsleep, type AsleepServer } from "@outrigger/api/asleep";
import type { FeedState } from "@outrigger/api/feed";
import { packText } from "@outrigger/runtime/packed";
import { expect, it } from "vitest";
import { collectAsleep, readKept, type AsleepReading } from "./asleep.ts";

const state: FeedState = {
  format: 1,
  server: "files",
  health: { state: "Ready", reason: "Serving", message: "", sinceMs: 0 },
  identity: { title: "Files" },
  digest: "0".repeat(64),
  catalogue: { reason: "CatalogueListed", message: "", atMs: 0 },
  policy: {
    hash: "",
    reason: "PolicyApplied",
    message: "",
    enforces: { limits: [], maxRequestBytes: 1, maxResponseBytes: 1 },
  },
};

function kept(change: Partial<AsleepServer> = {}): AsleepServer {
  return {
    ...{ format: 1, namespace: "tools", server: "files", group: "default", replicas: 1, labels: {} },
    ...{ since: "2026-11-01T10:00:00Z", createdAt: "2026-10-01T10:00:00Z" },
    workload: { kind: "Deployment", name: "files", uid: "u" },
    state,
    catalogue: {
      digest: "0".repeat(64),
      tools: [{ name: "read" }],
      prompts: [],
      resources: [],
      resourceTemplates: [],
      limited: false,
    },
    ...change,
  };
}

function readBack(server: AsleepServer): AsleepReading {
  const written = writeAsleep(server, packText);
  if (!written.ok) throw new Error(written.problem);
  return readKept({ metadata: { name: `${asleepObject.namePrefix}x` }, ...written.value });
}

const everywhere = { namespaces: [], failure: undefined };

it("reads what the operator has kept, each server once, as it fell asleep last", () => {
  const older = kept({ since: "2026-11-01T09:00:00Z", workload: { kind: "StatefulSet", name: "old", uid: "v" } });
  const readings = [older, kept(), kept({ server: "other" })].map(readBack);
  const set = collectAsleep(readings, everywhere);
  expect(set.asleep?.map(({ server, workload }) => [server, workload.name])).toEqual([
    ["files", "files"],
    ["other", "files"],
  ]);
  expect(set.asleep?.[0]).toEqual(kept());
  expect(collectAsleep(readings.toReversed(), everywhere).asleep).toHaveLength(2);
  expect(set).not.toHaveProperty("fault");
});

it("leaves out namespaces that are not looked at", () => {
  const readings = [kept(), kept({ namespace: "prod" })].map(readBack);
  const set = collectAsleep(readings, { namespaces: ["prod"], failure: undefined });
  expect(set.asleep?.map(({ namespace }) => namespace)).toEqual(["prod"]);
});

it("names the object that can't be read and what is wrong with it, and serves the others", () => {
  const broken = readKept({ metadata: { name: "outrigger-asleep-b" }, data: { "server.json": "{}" } });
  const set = collectAsleep([broken, readBack(kept())], { namespaces: [], failure: "forbidden" });
  expect(set.asleep).toHaveLength(1);
  expect(set.fault).toMatch(/^forbidden; ConfigMap outrigger-asleep-b: .*expected/);
});
