/**
 * The decision as one truth table: every combination of what may bear on it, against rows of which the first that fits counts.
 * The rows are written after the decision table of the documents, not after the code.
 */
import { expect, it } from "vitest";
import { applyPatch } from "../fixtures/apply.ts";
import { admit, type Admission } from "./admission.ts";
import { defaultConfig } from "./config.ts";
import type { InjectionRequest } from "./decide.ts";
import { selectEntry } from "./registration.ts";

/** Everything that is varied, with all of its values. A dry run is not among them: the decision is not told of it. */
const dimensions = {
  request: ["create", "update", "delete", "ephemeralcontainers", "resize", "of another kind"],
  podLabel: ["none", "enabled", "disabled", "true"],
  namespaceLabel: ["none", "enabled", "disabled"],
  enforce: ["none", "required"],
  place: ["ordinary", "kube-system", "our own", "excluded by configuration"],
  mirror: ["no", "annotation of a user", "made by a node"],
  hostNetwork: ["no", "yes"],
  windows: ["no", "os", "node selector"],
  state: ["new", "injected", "imitated"],
  round: ["first", "again, behind a foreign sidecar", "again, behind a foreign init container"],
  owner: ["none", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob's Job", "ReplicationController"],
} as const;

type Dimensions = typeof dimensions;
type Combination = { readonly [K in keyof Dimensions]: Dimensions[K][number] };
/** A condition of a row: a value, or one of several; what is not named may be anything. */
type Condition = { readonly [K in keyof Dimensions]?: Combination[K] | readonly Combination[K][] };

/** `-`: no entry of the webhook configuration is for this pod, so nobody asks. */
type Row = readonly [when: Condition, outcome: string, problems?: readonly string[]];

const again = ["again, behind a foreign sidecar", "again, behind a foreign init container"] as const;

const rows: readonly Row[] = [
  // Whom the selectors lead to the webhook.
  [{ enforce: "none", podLabel: "disabled" }, "-"],
  [{ enforce: "none", namespaceLabel: ["none", "disabled"], podLabel: "none" }, "-"],
  // What is none of its business.
  [{ request: ["update", "delete", "ephemeralcontainers", "resize", "of another kind"] }, "NotApplicable"],
  [{ mirror: "made by a node" }, "MirrorPod"],
  [{ place: ["kube-system", "our own", "excluded by configuration"] }, "SystemNamespace"],
  // What the label says.
  [{ podLabel: "true" }, "InvalidInjectValue"],
  [{ podLabel: "disabled", enforce: "required" }, "OptOutRefused"],
  // What can't be guarded, all of it at once.
  [{ hostNetwork: "yes", windows: ["os", "node selector"] }, "HostNetwork", ["HostNetwork", "WindowsPod"]],
  [{ hostNetwork: "yes" }, "HostNetwork", ["HostNetwork"]],
  [{ windows: ["os", "node selector"] }, "WindowsPod", ["WindowsPod"]],
  // What is injected.
  [{ state: "imitated" }, "Reinjected"],
  [{ state: "injected", round: "again, behind a foreign init container" }, "Reinjected"],
  [{ state: "injected" }, "AlreadyInjected"],
  [{ state: "new", round: ["first", ...again] }, "Injected"],
];

it("F-021 every combination of opt-in, place, kind of pod, owner and round has the outcome of the first row that fits", () => {
  const met = new Set<Row>();
  const wrong: string[] = [];
  let count = 0;
  for (const combination of combine()) {
    count += 1;
    const row = rows.find(([when]) => fits(when, combination));
    if (row === undefined) throw new Error(`no row for ${JSON.stringify(combination)}`);
    met.add(row);
    const [, outcome, problems = []] = row;
    const found = ask(combination);
    const isRight = found.outcome === outcome && found.problems.join() === problems.join();
    if (!isRight && wrong.length < 10)
      wrong.push(
        `${JSON.stringify(combination)}: expected ${outcome} ${problems.join()}, found ${JSON.stringify(found)}`,
      );
  }
  expect(wrong).toEqual([]);
  expect(count).toBe(Object.values(dimensions).reduce((product, values) => product * values.length, 1));
  expect(rows.filter((row) => !met.has(row))).toEqual([]);
}, 120_000);

it("F-020 what is injected comes out the same whichever round it is, for every kind of owner", () => {
  for (const owner of dimensions.owner) {
    const base: Combination = { ...plainest, owner };
    const first = makePod(base);
    const once = applyPatch(first, patchOf(decide(base, first)));
    expect(patchOf(decide(base, once))).toEqual([]);
    for (const round of again) {
      const disturbed = disturb(once, round);
      const mended = applyPatch(disturbed, patchOf(decide(base, disturbed)));
      expect(patchOf(decide(base, mended))).toEqual([]);
    }
  }
});

const plainest: Combination = {
  request: "create",
  podLabel: "enabled",
  namespaceLabel: "none",
  enforce: "none",
  place: "ordinary",
  mirror: "no",
  hostNetwork: "no",
  windows: "no",
  state: "new",
  round: "first",
  owner: "none",
};

// Object.keys of a const object yields exactly its keys.
const names = Object.keys(dimensions) as (keyof Dimensions)[];

function* combine(): Generator<Combination> {
  const total = Object.values(dimensions).reduce((product, values) => product * values.length, 1);
  for (let index = 0; index < total; index += 1) {
    let rest = index;
    const picked = names.map((name) => {
      const values = dimensions[name];
      const value = values[rest % values.length];
      rest = Math.floor(rest / values.length);
      return [name, value];
    });
    // Every member was picked from its own dimension.
    yield Object.fromEntries(picked) as Combination;
  }
}

function fits(when: Condition, combination: Combination): boolean {
  return names.every((name) => {
    const wanted: unknown = when[name];
    const value = combination[name];
    return wanted === undefined || wanted === value || (Array.isArray(wanted) && wanted.includes(value));
  });
}

function ask(combination: Combination): { readonly outcome: string; readonly problems: readonly string[] } {
  const { podLabel, namespaceLabel, enforce } = combination;
  if (selectEntry(labelOf(podLabel), namespaceLabels(namespaceLabel, enforce)) === undefined)
    return { outcome: "-", problems: [] };
  const admission = decide(combination, podOf(combination));
  const problems = admission.action === "deny" && admission.reason !== "InvalidInjectValue" ? admission.problems : [];
  const isOfPod = ({ reason }: (typeof problems)[number]): boolean => reason !== "OptOutRefused";
  return { outcome: admission.reason, problems: problems.filter(isOfPod).map(({ reason }) => reason) };
}

const config = { ...defaultConfig, ownNamespace: "outrigger-system", systemNamespaces: ["platform"] };
const places = {
  ordinary: "tools",
  "kube-system": "kube-system",
  "our own": "outrigger-system",
  "excluded by configuration": "platform",
};

const requests: Readonly<Record<Combination["request"], Pick<InjectionRequest, "operation" | "kind" | "subResource">>> =
  {
    create: { operation: "CREATE", kind: kindOf("Pod"), subResource: "" },
    update: { operation: "UPDATE", kind: kindOf("Pod"), subResource: "" },
    delete: { operation: "DELETE", kind: kindOf("Pod"), subResource: "" },
    ephemeralcontainers: { operation: "UPDATE", kind: kindOf("Pod"), subResource: "ephemeralcontainers" },
    resize: { operation: "UPDATE", kind: kindOf("Pod"), subResource: "resize" },
    "of another kind": { operation: "CREATE", kind: kindOf("PodTemplate"), subResource: "" },
  };

function kindOf(kind: string): InjectionRequest["kind"] {
  return { group: "", version: "v1", kind };
}

function decide(combination: Combination, pod: unknown): Admission {
  const { request, podLabel, namespaceLabel, enforce, place, mirror } = combination;
  const labels = namespaceLabels(namespaceLabel, enforce);
  const entry = selectEntry(labelOf(podLabel), labels);
  if (entry === undefined) throw new Error("nobody asks about this pod");
  return admit(
    {
      ...requests[request],
      scope: entry.scope,
      namespace: places[place],
      userGroups: mirror === "made by a node" ? ["system:nodes", "system:authenticated"] : ["system:authenticated"],
      pod,
    },
    { namespace: { labels, annotations: {} }, installation: {} },
    config,
  );
}

function namespaceLabels(inject: string, enforce: string): Record<string, string> {
  return { ...labelOf(inject), ...(enforce === "none" ? {} : { "outrigger.dev/enforce": enforce }) };
}

function labelOf(value: string): Record<string, string> {
  return value === "none" ? {} : { "outrigger.dev/inject": value };
}

function patchOf(admission: Admission): Extract<Admission, { action: "inject" }>["patch"] {
  if (admission.action !== "inject") throw new Error(`not injected: ${JSON.stringify(admission)}`);
  return admission.patch;
}

const owners: Readonly<Record<Combination["owner"], object | undefined>> = {
  none: undefined,
  ReplicaSet: { apiVersion: "apps/v1", kind: "ReplicaSet", name: "search-7c9d8f6b5", controller: true },
  StatefulSet: { apiVersion: "apps/v1", kind: "StatefulSet", name: "search", controller: true },
  DaemonSet: { apiVersion: "apps/v1", kind: "DaemonSet", name: "search", controller: true },
  Job: { apiVersion: "batch/v1", kind: "Job", name: "search", controller: true },
  "CronJob's Job": { apiVersion: "batch/v1", kind: "Job", name: "search-29384756", controller: true },
  ReplicationController: { apiVersion: "v1", kind: "ReplicationController", name: "search", controller: true },
};

/** Pods are made once for all combinations that differ in what a pod does not say. */
const made = new Map<string, unknown>();

function podOf(combination: Combination): unknown {
  const { podLabel, mirror, hostNetwork, windows, state, round, owner } = combination;
  const key = [podLabel, mirror, hostNetwork, windows, state, round, owner].join();
  const known = made.get(key);
  if (known !== undefined) return known;
  const pod = makePod(combination);
  made.set(key, pod);
  return pod;
}

interface Pod {
  readonly metadata: { readonly labels: object; readonly annotations: object };
  readonly spec: object;
}

/** A pod as its author sends it; where it is injected or imitated already, it was so before it got what hinders that. */
function makePod({ podLabel, mirror, hostNetwork, windows, state, round, owner }: Combination): unknown {
  const reference = owners[owner];
  const hash = owner === "ReplicaSet" ? { "pod-template-hash": "7c9d8f6b5" } : {};
  const container = { name: "app", image: "x", ports: [{ containerPort: 8080 }] };
  const author = {
    metadata: {
      ...(reference === undefined ? { name: "search" } : { generateName: "search-", ownerReferences: [reference] }),
      labels: { "outrigger.dev/inject": "enabled", ...hash },
      annotations: {},
    },
    spec: { containers: [container], nodeSelector: {} },
  };
  const before = state === "new" ? author : applyPatch(author, patchOf(decide(plainest, author)));
  // Made of plain objects above.
  const { metadata, spec } = disturb(state === "imitated" ? imitate(before) : before, round) as Pod;
  const others = Object.entries(metadata.labels).filter(([key]) => key !== "outrigger.dev/inject");
  return {
    metadata: {
      ...metadata,
      labels: { ...Object.fromEntries(others), ...labelOf(podLabel) },
      annotations: { ...metadata.annotations, ...(mirror === "no" ? {} : { "kubernetes.io/config.mirror": "1" }) },
    },
    spec: {
      ...spec,
      ...(hostNetwork === "yes" ? { hostNetwork: true } : {}),
      ...(windows === "os" ? { os: { name: "windows" } } : {}),
      ...(windows === "node selector" ? { nodeSelector: { "kubernetes.io/os": "windows" } } : {}),
    },
  };
}

/** Looks injected to whoever believes names and annotations, and runs another program. */
function imitate(pod: unknown): unknown {
  return applyPatch(pod, [
    { op: "replace", path: "/spec/initContainers/0/image", value: "registry.example.com/mine:1" },
  ]);
}

/** What another webhook does before we are asked again; a pod without init containers gets its first ones. */
function disturb(pod: unknown, round: Combination["round"]): unknown {
  if (round === "first") return pod;
  const container = { name: "foreign", image: "x", ...(round.endsWith("sidecar") ? { restartPolicy: "Always" } : {}) };
  const { spec } = pod as { readonly spec: { readonly initContainers?: readonly unknown[] } };
  return { ...(pod as object), spec: { ...spec, initContainers: [container, ...(spec.initContainers ?? [])] } };
}
