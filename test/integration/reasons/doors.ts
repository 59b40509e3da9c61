/** Asks the webhook's own program over HTTPS, in the state that a way needs, and gives the answer, the log line and what was counted. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resources } from "@outrigger/kube";
import { createLogger } from "@outrigger/runtime/logger";
import { generateKeyPair } from "@outrigger/runtime/jws";
import { createMetrics } from "@outrigger/runtime/metrics";
import { defaultConfig } from "@outrigger/webhook/inject";
import { unsignedInstallation } from "../../../webhook/src/server/installation.ts";
import { createWebhookMetrics } from "../../../webhook/src/server/metrics.ts";
import { createReviewer } from "../../../webhook/src/server/review.ts";
import type { FakeKube } from "../../fixtures/fake-kube/server.ts";
import { ownNamespace, setNamespace } from "../../fixtures/operator.ts";
import { waitFor } from "../../fixtures/wait-for.ts";
import { getAdmin, post, startWebhook } from "../webhook-process.ts";
import { namespaceOf, type Place, type Way } from "./ways.ts";

/** What an API server reads of an answer. */
interface Response {
  readonly uid: string;
  readonly allowed: boolean;
  readonly patch?: string;
  readonly status?: { readonly code: number; readonly reason: string; readonly message: string };
  readonly warnings?: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

/** What came of one review. `counted`: samples of counters that rose, without the prefix of the webhook. */
export interface Asked {
  readonly response: Response;
  readonly log: Readonly<Record<string, unknown>>;
  readonly counted: readonly string[];
}

/** One webhook as it is seen from outside. */
interface Door {
  readonly send: (path: string, body: string) => Promise<string>;
  readonly metrics: () => Promise<string>;
  readonly logs: () => readonly Readonly<Record<string, unknown>>[];
  readonly isReady: () => Promise<boolean>;
  readonly close: () => Promise<unknown>;
}

/** All webhooks that the ways need. */
export interface Doors {
  readonly ask: (way: Way) => Promise<Asked>;
  /** A review that meets a fault of the webhook. */
  readonly askInFault: (way: Way) => Promise<Asked>;
  readonly close: () => Promise<void>;
}

/** Opens them one by one, as they are asked for. `kube`: the API server of the webhook that watches a cluster; `folder` is for their files. */
export function openDoors(kube: FakeKube, folder: string): Doors {
  const opened = new Map<string, Promise<Door>>();
  for (const name of Object.values(namespaceOf)) setNamespace(kube, name);
  const open = (way: Way): Promise<Door> => {
    const key = `${way.place} ${JSON.stringify(way.config)}`;
    const door =
      opened.get(key) ?? startDoor(mkdtempSync(join(folder, "webhook-")), argsOf[way.place](way, { kube, folder }));
    opened.set(key, door);
    return door;
  };
  return {
    ask: async (way) => {
      const door = await open(way);
      if (way.reason === "PolicyPending") await giveKeys(kube, door);
      return askDoor(door, way);
    },
    askInFault: (way) => askDoor(openFaulty(), way),
    close: async () => {
      for (const door of opened.values()) await (await door).close();
    },
  };
}

interface Around {
  readonly kube: FakeKube;
  readonly folder: string;
}

const argsOf: Readonly<Record<Place, (way: Way, around: Around) => readonly string[]>> = {
  plain: () => [],
  configured: ({ config }, { folder }) => ["--config", writeConfig(folder, config)],
  cluster: (_, { kube }) => ["--kube", kube.url, "--namespace", ownNamespace],
};

/** The file of a configuration, for the webhook as for the command. */
export function writeConfig(folder: string, config: object): string {
  const file = join(mkdtempSync(join(folder, "config-")), "injection.json");
  writeFileSync(file, JSON.stringify(config));
  return file;
}

async function startDoor(folder: string, args: readonly string[]): Promise<Door> {
  const webhook = await startWebhook(folder, args);
  return {
    send: async (path, body) => (await post(webhook, path, body)).body,
    metrics: async () => (await getAdmin(webhook, "/metrics")).body,
    logs: webhook.logs,
    isReady: async () => (await getAdmin(webhook, "/readyz")).status === 200,
    close: () => webhook.stop(),
  };
}

/** Publishes the keys that sign policy and waits until the webhook has them. */
async function giveKeys(kube: FakeKube, door: Door): Promise<void> {
  const { publicJwk } = await generateKeyPair();
  const data = { "jwks.json": JSON.stringify({ keys: [publicJwk] }) };
  kube.store.of(resources.configMaps).set({ metadata: { name: "outrigger-trust", namespace: ownNamespace }, data });
  await waitFor("the keys to be taken", door.isReady);
}

/** A fault can't be caused from outside. */
function openFaulty(): Door {
  const lines: string[] = [];
  const registry = createMetrics({ component: "webhook", version: "0.0.0" });
  const review = createReviewer({
    config: () => defaultConfig,
    namespaces: { find: () => Promise.reject(new Error("forced by the test")) },
    installation: unsignedInstallation,
    metrics: createWebhookMetrics(registry),
    logger: createLogger({
      ...{ component: "webhook", version: "0.0.0" },
      destination: { write: (text) => void lines.push(text) },
    }),
    nowMs: () => 0,
  });
  return {
    send: async (_, body) => {
      const reviewed = await review(Buffer.from(body), "pod");
      return reviewed.ok ? JSON.stringify(reviewed.answer) : reviewed.problem;
    },
    metrics: registry.expose,
    logs: () => lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>),
    isReady: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  };
}

async function askDoor({ send, metrics, logs }: Door, { scope, body }: Way): Promise<Asked> {
  const before = readCounters(await metrics());
  const { response } = JSON.parse(await send(`/mutate/${scope}`, body)) as { response: Response };
  const after = readCounters(await metrics());
  const log = await waitFor("the log line", () =>
    logs().find((line) => line["msg"] === "admission decided" && line["requestId"] === response.uid),
  );
  const counted = [...after].flatMap(([sample, value]) => (value > (before.get(sample) ?? 0) ? [sample] : []));
  return { response, log, counted };
}

/** `injections_total{action="deny",reason="no_port"}` with its value. */
function readCounters(text: string): ReadonlyMap<string, number> {
  const lines = text.matchAll(/^outrigger_webhook_(injection\w*_total\{[^}]*\}) (\d+)$/gm);
  return new Map([...lines].map(([, sample = "", value]) => [sample, Number(value)]));
}
