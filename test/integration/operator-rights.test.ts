/** What the operator does at the API server is in the list of rights that it needs: nothing is done that is not asked for. */
import { keys } from "@outrigger/api/keys";
import { listNeededRights, type NeededRight } from "@outrigger/api/rights";
import { resources } from "@outrigger/kube";
import { expect, it, onTestFinished } from "vitest";
import { readTarget, type SeenRequest } from "../fixtures/fake-kube/request.ts";
import { startFakeKube, type FakeKube } from "../fixtures/fake-kube/server.ts";
import { makeInjectedPod, makePolicy, ownNamespace, setNamespace, startOperatorProgram } from "../fixtures/operator.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const variables = {
  OUTRIGGER_KUBE: "in-cluster",
  OUTRIGGER_LEASE: "outrigger-operator",
  OUTRIGGER_TRUST: "outrigger-trust",
  OUTRIGGER_CA_SECRET: "outrigger-webhook-ca",
  OUTRIGGER_WEBHOOK_CONFIGURATION: "outrigger",
  OUTRIGGER_WAKE: "127.0.0.1:0",
};
const optedIn = { [keys.inject.key]: "enabled" };

/** What a request asks for, as rights are given: a list of one object names it in its field selector. */
function readAsked({
  kind,
  path,
  query,
}: SeenRequest): Pick<NeededRight, "verb" | "group" | "resource" | "namespace" | "name"> {
  const target = readTarget(path);
  if (target === undefined) throw new Error(`nothing is known of ${path}`);
  const { group, plural } = target.resource;
  // To those who give rights, a namespace is inside itself.
  const namespace = plural === "namespaces" ? target.name : target.namespace;
  const name = target.name ?? /metadata\.name=([^,]+)/.exec(query.get("fieldSelector") ?? "")?.[1];
  return {
    verb: kind,
    group,
    resource: path.endsWith("/scale") ? `${plural}/scale` : plural,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  };
}

/** True where the right allows the request; one without a place or a name is for all of them. */
function allows(right: NeededRight, request: SeenRequest): boolean {
  const asked = readAsked(request);
  const isSame = (["verb", "group", "resource"] as const).every((part) => right[part] === asked[part]);
  return isSame && (["namespace", "name"] as const).every((part) => (right[part] ?? asked[part]) === asked[part]);
}

async function startKube(): Promise<FakeKube> {
  const kube = await startFakeKube();
  onTestFinished(() => kube.close());
  return kube;
}

const hasSeen = (kube: FakeKube, kind: SeenRequest["kind"], plural: string): boolean =>
  kube.seen.some((request) => request.kind === kind && readTarget(request.path)?.resource.plural === plural);

it.each([
  ["all namespaces", [], []],
  ["some namespaces", ["tools"], ["--namespaces", "tools"]],
])(
  "F-187 in %s the operator asks for nothing that its list of rights does not hold",
  async (_where, limitedTo, flags) => {
    const kube = await startKube();
    setNamespace(kube, "tools", optedIn);
    kube.store.set(makeInjectedPod("search-1"));
    const { name } = makePolicy(kube, "tools: { deny: [drop] }");
    const authority = ["--ca-secret", "outrigger-webhook-ca", "--webhook-configuration", "outrigger"];
    const own = limitedTo.length === 0 ? [...authority, "--wake", "127.0.0.1:0"] : [];
    const operator = await startOperatorProgram(kube, name, [...flags, ...own]);
    onTestFinished(() => operator.close());
    for (const [kind, plural] of [
      ["create", "leases"],
      ["create", "secrets"],
      ["patch", "configmaps"],
      ["patch", "networkpolicies"],
      ["patch", "pods"],
    ] as const)
      await waitFor(`${kind} ${plural}`, () => hasSeen(kube, kind, plural));
    setNamespace(kube, "tools");
    kube.store.of(resources.pods).remove("tools", "search-1");
    await waitFor("the end of its network policies", () => hasSeen(kube, "delete", "networkpolicies"));
    const needed = listNeededRights({ program: "operator", variables, own: ownNamespace, limitedTo });
    const beyond = kube.seen.filter((request) => !needed.some((right) => allows(right, request)));
    expect([...new Set(beyond.map(({ kind, path }) => `${kind} ${path}`))]).toEqual([]);
    expect(kube.seen.length).toBeGreaterThan(20);
  },
);
