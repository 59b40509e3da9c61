import { createServer, type Server } from "node:net";
import { keys } from "@outrigger/api/keys";
import { resources } from "@outrigger/kube";
import { afterEach, expect, it } from "vitest";
import { startFakeKube, type FakeKube } from "../fixtures/fake-kube/server.ts";
import {
  makeInjectedPod,
  makePolicy,
  setNamespace,
  startOperatorProgram,
  type InjectedChoices,
  type RunningOperator,
} from "../fixtures/operator.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Loopback addresses of our own, so that fixed ports never meet another run's. */
const net = `127.${120 + (process.pid % 100)}.${Math.floor(process.pid / 100) % 250}`;
let lastHost = 0;
const nextAddress = (): string => `${net}.${++lastHost}`;

/** Listens; gives the way to stop. Connections are held open until then. */
async function listen(host: string, port: number): Promise<() => Promise<void>> {
  const server: Server = createServer((socket) => socket.on("error", () => undefined).resume());
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
  const stop = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  ends.push(stop);
  return stop;
}

const admin = 19_082;

interface Rig {
  readonly kube: FakeKube;
  readonly operator: RunningOperator;
  readonly enforced: (name: string) => { status?: string; reason?: string; message?: string };
  readonly reasons: () => readonly string[];
}

async function start(flags: readonly string[] = []): Promise<Rig> {
  const kube = await startFakeKube();
  ends.push(() => kube.close());
  setNamespace(kube, "tools", { [keys.inject.key]: "enabled" });
  const { name } = makePolicy(kube, "{}");
  const operator = await startOperatorProgram(kube, name, [
    "--probe-timeout",
    "300ms",
    "--probe-retry",
    "300ms",
    ...flags,
  ]);
  ends.push(() => operator.close());
  const enforced: Rig["enforced"] = (name) => {
    const text = kube.store.of(resources.pods).get("tools", name)?.metadata.annotations?.[keys.enforced.key];
    return JSON.parse(text ?? "{}") as ReturnType<Rig["enforced"]>;
  };
  const reasons = (): readonly string[] =>
    kube.store
      .of(resources.events)
      .list()
      .map((event) => String(event["reason"]));
  return { kube, operator, enforced, reasons };
}

function addPod(kube: FakeKube, name: string, choices: InjectedChoices = {}): string {
  const address = choices.address ?? nextAddress();
  kube.store.set(makeInjectedPod(name, { ...choices, address }));
  return address;
}

it("says of each pod whether a way round its sidecar is open, and why", async () => {
  const { kube, operator, enforced, reasons } = await start();
  const [closed, passed, loopback, stdio] = [nextAddress(), nextAddress(), nextAddress(), nextAddress()];
  for (const address of [closed, passed, loopback, stdio]) await listen(address, admin);
  await listen(passed, 8_080);
  addPod(kube, "closed", { address: closed });
  addPod(kube, "passed", { address: passed });
  addPod(kube, "loopback", { address: loopback, endpoint: "8080/mcp", guarantee: "loopback" });
  addPod(kube, "stdio", { address: stdio, upstream: "", guarantee: "stdio", appPort: 19_080 });
  addPod(kube, "absent");
  addPod(kube, "starting", { ready: false });
  const answer = (name: string): string => `${enforced(name).status} ${enforced(name).reason}`;
  await waitFor("results", () =>
    ["closed", "passed", "loopback", "stdio", "absent"].every((name) => enforced(name).status),
  );
  expect(answer("closed")).toBe("True PolicyEnforced");
  expect(answer("passed")).toBe("False BypassReachable");
  expect(enforced("passed").message).toContain(`${passed}:8080`);
  expect(answer("loopback")).toBe("True LoopbackBound");
  expect(answer("stdio")).toBe("True NothingListens");
  expect(answer("absent")).toBe("Unknown ProbeInconclusive");
  expect(enforced("starting").status).toBeUndefined();
  await waitFor("metrics", async () =>
    (await operator.metrics()).includes('enforced_pods{status="False",reason="bypass_reachable"} 1'),
  );
  expect(await operator.metrics()).toContain('enforced_pods{status="Unknown",reason="not_probed"} 1');
  await waitFor("events", () => reasons().includes("BypassReachable") && reasons().includes("PolicyEnforced"));
});

it("finds a way that opens and one that closes, and writes nothing while nothing changes", async () => {
  const { kube, enforced } = await start(["--probe-interval", "300ms"]);
  const address = nextAddress();
  await listen(address, admin);
  addPod(kube, "search", { address });
  await waitFor("a first result", () => enforced("search").status === "True");
  const patches = (): number =>
    kube.seen.filter(({ kind, path }) => kind === "patch" && path.includes("/pods/")).length;
  const before = patches();
  const close = await listen(address, 8_080);
  await waitFor("the open way", () => enforced("search").status === "False");
  await close();
  await waitFor("its end", () => enforced("search").status === "True");
  expect(patches()).toBe(before + 2);
});

it("tries again after a network policy changed", async () => {
  const { kube, enforced } = await start(["--probe-retry", "50ms"]);
  const address = nextAddress();
  await listen(address, admin);
  addPod(kube, "search", { address });
  await waitFor("a first result", () => enforced("search").status === "True");
  await listen(address, 8_080);
  kube.store.of(resources.networkPolicies).set({
    metadata: { name: "theirs", namespace: "tools" },
    spec: { podSelector: {}, ingress: [{}] },
  });
  await waitFor("the open way", () => enforced("search").status === "False");
});
