/**
 * What a chaos run works on: an API server, servers of two pods each, three replicas of the aggregator, and a balancer before them that sends new
 * connections to those that say they are ready, as a Service does.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apiKeyPrefix } from "@outrigger/api/api-key";
import { startReplicas, type Replica } from "../fixtures/replicas.ts";
import { startRoundRobin } from "../fixtures/round-robin.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import type { ApiServer } from "./api/api-server.ts";
import { createPods, serverNames, type ChaosPods } from "./pods.ts";
import { watchReadiness, type Readiness } from "./readiness.ts";

/** The bed. */
export interface Bed {
  readonly url: string;
  readonly api: ApiServer;
  readonly pods: ChaosPods;
  readonly replicas: readonly Replica[];
  readonly readiness: Readiness;
  /** API keys by the names of their callers. */
  readonly keys: ReadonlyMap<string, string>;
  /** Waits until each replica knows all pods that there are, and no others, and all of them answer. */
  readonly settle: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Pods of each server. */
const podsOfServer = 2;
const settleMs = 90_000;

/** Starts everything and waits until all of it is known. */
export async function startBed(startApi: () => Promise<ApiServer>, callers: readonly string[]): Promise<Bed> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closers.splice(0).toReversed()) await end();
  };
  try {
    const api = await startApi();
    closers.push(api.close);
    const pods = createPods(api);
    closers.push(pods.close);
    await Promise.all(serverNames.flatMap((name) => Array.from({ length: podsOfServer }, () => pods.add(name))));
    const folder = await mkdtemp(join(tmpdir(), "outrigger-chaos-"));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const operatorKey = makeKey();
    const keys = new Map(callers.map((caller) => [caller, makeKey()]));
    const keyFile = join(folder, "api-keys");
    await writeFile(keyFile, [...keys, ["operator", operatorKey] as const].map(writeKeyLine).join(""));
    const auth = ["--auth", "api-key", "--api-keys", keyFile];
    const replicas = await startReplicas({ flags: [...api.flags, ...auth, "--log-level", "error"], env: api.env });
    closers.push(replicas.close);
    const readiness = watchReadiness(replicas.all);
    closers.push(readiness.stop);
    const balancer = await startRoundRobin(
      replicas.all.map(({ port }) => port),
      readiness.isReady,
    );
    closers.push(balancer.close);
    const settle = (): Promise<void> => settleAll(replicas.all, pods, operatorKey);
    await settle();
    return {
      url: `http://127.0.0.1:${balancer.port}/mcp`,
      api,
      pods,
      replicas: replicas.all,
      readiness,
      keys,
      settle,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function makeKey(): string {
  return `${apiKeyPrefix}${randomBytes(32).toString("base64url")}`;
}

function writeKeyLine([name, key]: readonly [string, string]): string {
  return `${name} sha256:${createHash("sha256").update(key).digest("hex")}\n`;
}

interface ServerRecord {
  readonly name: string;
  readonly replicas: readonly { readonly state: string }[];
}

async function settleAll(replicas: readonly Replica[], pods: ChaosPods, key: string): Promise<void> {
  const wanted = describe(
    serverNames.map((name) => [name, pods.list().filter(({ server }) => server === name).length]),
  );
  for (const { url } of replicas) {
    let last = "no answer";
    const isSettled = async (): Promise<boolean> => {
      const answer = await fetch(`${url}/api/v1/servers`, { headers: { "x-api-key": key } });
      const { servers } = (await answer.json()) as { servers: readonly ServerRecord[] };
      const isWell = servers.every((server) => server.replicas.every(({ state }) => state === "Ready"));
      last = `${describe(servers.map(({ name, replicas: known }) => [name, known.length]))}${isWell ? "" : ", not all of them well"}`;
      return isWell && last === wanted;
    };
    await waitFor("", isSettled, settleMs).catch(() => {
      throw new Error(`after ${settleMs / 1_000} s a replica knows these pods: ${last}; there are: ${wanted}`);
    });
  }
}

function describe(counts: readonly (readonly [string, number])[]): string {
  return counts
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${count} of ${name}`)
    .join(", ");
}
