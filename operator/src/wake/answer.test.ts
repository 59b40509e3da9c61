import type { ObjectOutcome, Objects, RawObject } from "@outrigger/kube";
import type { VerifiedToken } from "@outrigger/runtime/service-token";
import { expect, it } from "vitest";
import type { AsleepFacts } from "../cluster/own-objects.ts";
import { makeAsleep } from "../testing/workload.ts";
import { answerWake, type WakeParts } from "./answer.ts";

const aggregator = "system:serviceaccount:outrigger-system:outrigger-aggregator";
const known = (change: Parameters<typeof makeAsleep>[0] = {}): AsleepFacts => ({
  name: "cm",
  uid: "cm",
  identity: { ok: true, value: makeAsleep(change) },
});

interface Facts {
  readonly verified?: VerifiedToken;
  readonly asleep?: readonly AsleepFacts[];
  readonly isSynced?: boolean;
  /** The scale subresource of each workload by name; undefined: there is none. */
  readonly scales?: Readonly<Record<string, { readonly uid: string; readonly replicas: number }>>;
  /** Answers of patches, in order; then they are done. */
  readonly patches?: readonly ObjectOutcome<RawObject>[];
}

function makeParts(facts: Facts): { parts: WakeParts; patched: string[]; woken: string[] } {
  const patched: string[] = [];
  const woken: string[] = [];
  const patches = [...(facts.patches ?? [])];
  const scales = facts.scales ?? { search: { uid: "uid-search", replicas: 0 } };
  const missing = { ok: false, failure: { kind: "notFound", message: "no such workload" } } as const;
  // Whoever asks reads of it no more than is there.
  const claim = (outcome: ObjectOutcome<RawObject>): Promise<never> => Promise.resolve(outcome as never);
  const unused = (): Promise<never> => Promise.reject(new Error("not asked for"));
  const objects: Objects = {
    get: ({ name }) => {
      const scale = scales[name];
      const metadata = { uid: scale?.uid ?? "", resourceVersion: "5" };
      return claim(scale === undefined ? missing : { ok: true, object: { metadata, ...{ spec: scale } } });
    },
    mergePatch: ({ name, subresource }, patch) => {
      patched.push(`${name}/${subresource ?? ""} ${JSON.stringify(patch)}`);
      return claim(patches.shift() ?? { ok: true, object: {} });
    },
    create: unused,
    jsonPatch: unused,
    apply: unused,
    remove: unused,
  };
  const parts: WakeParts = {
    verify: () => Promise.resolve(facts.verified ?? { ok: true, subject: aggregator }),
    wakers: [{ namespace: "outrigger-system", name: "outrigger-aggregator" }],
    asleep: () => facts.asleep ?? [known()],
    isSynced: () => facts.isSynced ?? true,
    objects,
    onWoken: ({ workload }) => void woken.push(workload.name),
  };
  return { parts, patched, woken };
}

const body = { namespace: "tools", server: "search" };
const ask = (facts: Facts, authorization: string | null = "Bearer x.y.z", request: unknown = body) => {
  const { parts, patched, woken } = makeParts(facts);
  return answerWake({ authorization: authorization ?? undefined, body: request }, parts).then((answer) => ({
    answer,
    patched,
    woken,
  }));
};
const conflict = { ok: false, failure: { kind: "conflict", message: "it changed" } } as const;
const forbidden = { ok: false, failure: { kind: "forbidden", message: "an admission policy says no" } } as const;
const toTwo = 'search/scale {"metadata":{"resourceVersion":"5"},"spec":{"replicas":2}}';

it("scales the workload to what it was, at the version that was seen", async () => {
  expect(await ask({})).toEqual({ answer: { reason: "Woken" }, patched: [toTwo], woken: ["search"] });
});

it("changes nothing of a workload that runs already, and tells nobody that it was woken", async () => {
  const scales = { search: { uid: "uid-search", replicas: 5 } };
  expect(await ask({ scales })).toEqual({ answer: { reason: "Woken" }, patched: [], woken: [] });
});

it("tries again where the workload changed in between, but not for ever", async () => {
  expect(await ask({ patches: [conflict, conflict] })).toMatchObject({
    answer: { reason: "Woken" },
    patched: { length: 3 },
  });
  expect(await ask({ patches: [conflict, conflict, conflict] })).toMatchObject({
    answer: { reason: "WakeFailed", message: "it changed" },
  });
});

it.each<[string, Facts, string]>([
  ["nobody of that name is asleep", { asleep: [known({ server: "other" })] }, "NotAsleep"],
  ["one of that name sleeps elsewhere", { asleep: [known({ namespace: "other" })] }, "NotAsleep"],
  ["its workload is gone", { scales: {} }, "NotAsleep"],
  ["another workload bears its name now", { scales: { search: { uid: "new", replicas: 0 } } }, "NotAsleep"],
  [
    "what is kept can't be read",
    { asleep: [{ name: "x", uid: "x", identity: { ok: false, problem: "" } }] },
    "NotAsleep",
  ],
  ["the API server refuses", { patches: [forbidden] }, "WakeFailed"],
  ["the cluster is not read yet", { isSynced: false }, "WakeFailed"],
  [
    "the cluster's keys can't be read",
    { verified: { ok: false, problem: "unavailable", message: "no answer" } },
    "WakeFailed",
  ],
])("says why it wakes nobody where %s", async (_name, facts, reason) => {
  const { answer, woken } = await ask(facts);
  expect(answer.reason).toBe(reason);
  expect(woken).toEqual([]);
});

it("wakes every workload of a server, and is content with one", async () => {
  const other = known({ workload: { kind: "StatefulSet", name: "search-2", uid: "uid-2" } });
  const scales = { search: { uid: "uid-search", replicas: 0 }, "search-2": { uid: "uid-2", replicas: 0 } };
  const both = await ask({ asleep: [known(), other], scales, patches: [forbidden] });
  expect(both).toMatchObject({ answer: { reason: "Woken" }, patched: { length: 2 }, woken: ["search-2"] });
});

it("hears the aggregator alone, and looks at nothing before it knows who asks", async () => {
  const untrusted: VerifiedToken = { ok: false, problem: "untrusted", message: "expired" };
  const another: VerifiedToken = { ok: true, subject: "system:serviceaccount:tools:outrigger-aggregator" };
  const answers = await Promise.all([
    ask({}, null),
    ask({}, "Basic eDp5"),
    ask({}, "Bearer "),
    ask({ verified: untrusted }),
    ask({ verified: another }),
    ask({ verified: untrusted, isSynced: false }, "Bearer x", "no request"),
  ]);
  expect(answers.map(({ answer }) => answer.reason)).toEqual([
    ...["WakerUnverified", "WakerUnverified", "WakerUnverified", "WakerUnverified"],
    ...["WakerNotAllowed", "WakerUnverified"],
  ]);
  expect(answers.flatMap(({ patched }) => patched)).toEqual([]);
});

it.each([[undefined], [{}], [{ namespace: "tools" }], [{ namespace: "../x", server: "search" }]])(
  "takes %j for no request",
  async (request) => {
    expect((await ask({}, "Bearer x", request ?? null)).answer.reason).toBe("RequestMalformed");
  },
);
