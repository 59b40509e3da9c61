/**
 * Policies by hash, fetched and compiled once for all replicas of a server that enforce the same. Keyed by server too: a hash is a
 * sidecar's claim, and one server must not fill another's entry.
 */
import { feedPaths } from "@outrigger/api/feed";
import { readVisiblePolicy, type VisiblePolicy } from "@outrigger/api/feed-callers";
import {
  compilePolicy,
  readVisibleLayers,
  type CompiledPolicy,
  type Engines,
  type PolicyDocument,
} from "@outrigger/policy";
import { request, type Dispatcher } from "undici";
import { readBounded } from "../route/read-events.ts";

/** Which policy is wanted, and which sidecar can be asked for it. `headers`: who asks. */
export interface PolicyWanted {
  readonly serverKey: string;
  readonly hash: string;
  readonly controlUrl: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The policies that are known. */
export interface PolicyCache {
  /** The policy; rejects where this attempt to fetch it fails or it can't be read, and a later call tries again. */
  readonly get: (wanted: PolicyWanted) => Promise<CompiledPolicy>;
}

/** Policies kept of one server: what its replicas enforce while another one is rolled out. */
const keptPerServer = 4;
const maxServers = 5_000;
const maxPolicyBytes = 8 * 1024 * 1024;
const timeoutMs = 30_000;

/** Creates the cache, empty. */
export function createPolicyCache(dispatcher: Dispatcher): PolicyCache {
  const byServer = new Map<string, Map<string, Promise<CompiledPolicy>>>();
  return {
    get: (wanted) => {
      const entries = byServer.get(wanted.serverKey) ?? new Map<string, Promise<CompiledPolicy>>();
      // Whoever was asked for last goes last.
      byServer.delete(wanted.serverKey);
      byServer.set(wanted.serverKey, entries);
      dropOldest(byServer, maxServers);
      const known = entries.get(wanted.hash);
      if (known !== undefined) return known;
      const fetched = fetchPolicy(dispatcher, wanted).then(compileVisible);
      entries.set(wanted.hash, fetched);
      dropOldest(entries, keptPerServer);
      // A failed attempt must not stay: the next caller tries again. The rejection itself goes to this caller.
      fetched.catch(() => entries.delete(wanted.hash));
      return fetched;
    },
  };
}

function dropOldest(entries: Map<string, unknown>, most: number): void {
  const [oldest] = entries.keys();
  if (entries.size > most && oldest !== undefined) entries.delete(oldest);
}

/** Compiles what a sidecar told. Errors: rejects where a layer can't be read: the rest alone would show too much. */
async function compileVisible(policy: VisiblePolicy): Promise<CompiledPolicy> {
  const layers = readVisibleLayers(policy);
  if (layers === undefined) throw new Error("the sidecar's policy can't be read: it may be of a newer version");
  return compilePolicy(layers, await loadEngines(layers));
}

/** Loads the library of expressions where a layer has one. */
async function loadEngines(layers: readonly PolicyDocument[]): Promise<Engines> {
  if (!layers.some(({ rules }) => rules.some(({ when }) => when !== undefined))) return {};
  const { compileCondition } = await import("@outrigger/policy/conditions");
  return {
    compileCondition: (expression) => {
      const compiled = compileCondition(expression);
      return compiled.ok ? compiled.condition : undefined;
    },
  };
}

async function fetchPolicy(
  dispatcher: Dispatcher,
  { controlUrl, hash, headers }: PolicyWanted,
): Promise<VisiblePolicy> {
  const path = controlUrl + feedPaths.policy + hash;
  const answer = await request(path, { dispatcher, headers, headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
  if (answer.statusCode !== 200) {
    await answer.body.dump();
    throw new Error(`the control port answered ${answer.statusCode} for the policy`);
  }
  const policy = readVisiblePolicy(JSON.parse(await readBounded(answer.body, maxPolicyBytes)));
  if (policy === undefined) throw new Error("the control port's answer is not a policy");
  if (policy.hash !== hash) throw new Error("the control port sent another policy than was asked for");
  return policy;
}
