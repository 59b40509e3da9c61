import { asleepObject } from "@outrigger/api/asleep";
import type { Activity } from "@outrigger/api/feed";
import type { ApiFailure, Objects } from "@outrigger/kube";
import { expect, it } from "vitest";
import { makePodOf, makeWorkload } from "../testing/workload.ts";
import { nameAsleep, trySleep, type Bed } from "./apply.ts";
import type { ContentAnswer, Sidecars } from "./sidecars.ts";

const workload = makeWorkload({ replicas: 1 });
const pod = makePodOf(workload, "1", { shown: { group: "default", image: "search:1", transport: "stdio" } });
const candidate = { workload, ttlMs: 60_000, pods: [pod] };
const digest = "a".repeat(64);

const listed = (description = "Finds."): ContentAnswer => ({
  ok: true,
  value: {
    state: {
      format: 1,
      server: "search",
      health: { state: "Ready", reason: "Serving", message: "", sinceMs: 0 },
      identity: {},
      digest,
      catalogue: { reason: "CatalogueListed", message: "", atMs: 0 },
      policy: {
        hash: "",
        reason: "PolicyApplied",
        message: "",
        enforces: { limits: [], maxRequestBytes: 1, maxResponseBytes: 1 },
      },
    },
    catalogue: {
      digest,
      tools: [{ name: "find", description }],
      prompts: [],
      resources: [],
      resourceTemplates: [],
      limited: false,
    },
  },
});

/** Writes as they come, each as one word and its place; `scale` is how the scale subresource answers. */
function makeObjects(scale: ApiFailure | undefined, replicas: number): { objects: Objects; writes: string[] } {
  const writes: string[] = [];
  // Whoever asks reads of it no more than is there.
  const done = (object: object): Promise<never> => Promise.resolve({ ok: true, object } as never);
  const objects: Objects = {
    get: () => done({ spec: { replicas } }),
    create: () => done({}),
    jsonPatch: () => done({}),
    apply: (place, object) => {
      writes.push(`keep ${place.name}`);
      return done(object);
    },
    remove: (place) => {
      writes.push(`forget ${place.name}`);
      return done({});
    },
    mergePatch: (place, patch) => {
      writes.push(`patch ${place.resource.plural}/${place.subresource ?? ""} ${JSON.stringify(patch)}`);
      return scale === undefined ? done({}) : Promise.resolve({ ok: false, failure: scale });
    },
  };
  return { objects, writes };
}

interface Facts {
  /** What the sidecar says of its use, first and again. */
  readonly uses?: readonly Activity[];
  readonly content?: ContentAnswer;
  readonly scale?: ApiFailure;
  /** How many pods the workload wants after that. */
  readonly replicas?: number;
}

const idle = { inFlight: 0, idleMs: 60_000 };

async function attempt({ uses = [idle, idle], content = listed(), scale, replicas = 1 }: Facts) {
  const { objects, writes } = makeObjects(scale, replicas);
  let asked = 0;
  let fetched = 0;
  const sidecars: Sidecars = {
    readActivity: () => Promise.resolve({ ok: true, value: uses[asked++] ?? idle }),
    readContent: () => {
      fetched++;
      return Promise.resolve(content);
    },
  };
  const bed: Bed = {
    ...{ objects, sidecars, namespace: "outrigger-system", signal: new AbortController().signal },
    elapsedMs: () => 1_000_000,
    nowMs: () => Date.parse("2026-11-22T08:00:00Z"),
  };
  const { outcome } = await trySleep(candidate, bed);
  return { outcome, writes, fetched };
}

const name = nameAsleep(workload);
const toZero = 'patch deployments/scale {"metadata":{"resourceVersion":"7"},"spec":{"replicas":0}}';
const conflict: ApiFailure = { kind: "conflict", message: "it changed" };

it("keeps what a server lists before it scales, and scales that version of the workload alone", async () => {
  const { outcome, writes } = await attempt({});
  expect(writes).toEqual([`keep ${name}`, toZero]);
  expect(outcome).toMatchObject({
    kind: "asleep",
    server: { server: "search", replicas: 1, image: "search:1", transport: "stdio", since: "2026-11-22T08:00:00.000Z" },
  });
});

it("fetches nothing from a server that is used, and does nothing where it was called meanwhile", async () => {
  const used = { inFlight: 1, idleMs: 0 };
  expect(await attempt({ uses: [used] })).toEqual({ outcome: { kind: "used" }, writes: [], fetched: 0 });
  expect(await attempt({ uses: [idle, used] })).toEqual({ outcome: { kind: "used" }, writes: [], fetched: 1 });
});

it.each<[string, Facts, string]>([
  ["was never listed", { content: { ok: false, problem: "not listed yet" } }, "CatalogueUnknown"],
  [
    "lists more than can be kept",
    // What can't be packed: all digits of a growing number.
    { content: listed(Array.from({ length: 400_000 }, (_, index) => (index * 7_919) ** 2).join("")) },
    "CatalogueTooLarge",
  ],
])("leaves a server running that %s", async (_name, facts, reason) => {
  const { outcome, writes } = await attempt(facts);
  expect(outcome).toMatchObject({ kind: "obstacle", obstacle: { reason } });
  expect(writes).toEqual([]);
});

it("takes back what it kept where the workload could not be scaled", async () => {
  const forbidden: ApiFailure = { kind: "forbidden", message: "an admission policy says no" };
  const refused = await attempt({ scale: forbidden });
  expect(refused.outcome).toMatchObject({ obstacle: { reason: "SleepFailed", note: "an admission policy says no" } });
  expect(refused.writes).toEqual([`keep ${name}`, toZero, `forget ${name}`]);
  const changed = await attempt({ scale: conflict });
  expect(changed).toMatchObject({ outcome: { kind: "again" }, writes: [`keep ${name}`, toZero, `forget ${name}`] });
});

it("keeps it where the workload is at zero already, by a write of ours that was seen late", async () => {
  const { outcome, writes } = await attempt({ scale: conflict, replicas: 0 });
  expect(outcome).toEqual({ kind: "again" });
  expect(writes).toEqual([`keep ${name}`, toZero]);
});

it("gives each workload a name of its own that fits, however long its own is", () => {
  const long = { ...workload, namespace: "n".repeat(63), name: "w".repeat(253) };
  expect(nameAsleep(long).length).toBeLessThan(64);
  expect(nameAsleep(long)).toMatch(new RegExp(`^${asleepObject.namePrefix}[0-9a-f]{24}$`));
  const kinds = (["Deployment", "StatefulSet"] as const).map((kind) => nameAsleep({ ...workload, kind }));
  expect(new Set([...kinds, nameAsleep({ ...workload, namespace: "other" })]).size).toBe(3);
});
