/** Servers behind labelled Services, from the real program over an API server: what is read, what is followed, what can't be used. */
import { sidecarPorts } from "@outrigger/api/ports";
import { afterEach, expect, it } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { startFakeKube, type FakeKube } from "../fixtures/fake-kube/server.ts";
import { startFakeSidecar, type FakeSidecar } from "../fixtures/fake-sidecar/sidecar.ts";
import { modernRequest, postRaw, textOf } from "../fixtures/mcp-clients.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A loopback address of our own, so that the fixed control port never meets another run's. */
const host = `127.${20 + (process.pid % 200)}.${Math.floor(process.pid / 200) % 100}.77`;
const labels = { "outrigger.dev/source": "sidecars" };
const core = { group: "", plural: "services" };
const discovery = { group: "discovery.k8s.io", plural: "endpointslices" };

interface Choices {
  readonly namespace?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

function writeService(
  kube: FakeKube,
  name: string,
  { namespace = "vendors", annotations = {}, ...more }: Choices = {},
) {
  const metadata = { name, namespace, creationTimestamp: "2026-11-01T10:00:00Z" };
  kube.store.of(core).set({ metadata: { ...metadata, labels: more.labels ?? labels, annotations } });
}

interface SliceChoices {
  readonly namespace?: string;
  readonly addresses?: readonly string[];
  readonly ports?: readonly object[];
  readonly targetRef?: object;
}

/** The slice that Kubernetes makes of a Service: it bears the labels of the Service. */
function writeSlice(kube: FakeKube, service: string, choices: SliceChoices): void {
  const { namespace = "vendors", addresses = [host], ports = [], targetRef } = choices;
  kube.store.of(discovery).set({
    metadata: {
      ...{ name: `${service}-x1`, namespace },
      labels: { ...labels, "kubernetes.io/service-name": service },
    },
    addressType: "IPv4",
    ports,
    endpoints: addresses.map((address) => ({
      addresses: [address],
      conditions: { ready: true },
      ...(targetRef === undefined ? {} : { targetRef }),
    })),
  });
}

const portsOf = ({ data, control }: FakeSidecar): readonly object[] => [
  { name: "mcp", port: Number(new URL(data.url).port), protocol: "TCP" },
  { name: "outrigger-control", port: Number(new URL(control.url).port), protocol: "TCP" },
];

async function startAll(prepare: (kube: FakeKube) => void, flags: readonly string[] = ["--services", "labelled"]) {
  const kube = await startFakeKube();
  ends.push(() => kube.close());
  prepare(kube);
  const aggregator = await startAggregatorProgram(undefined, ["--kube", kube.url, ...flags]);
  ends.push(() => aggregator.close());
  await aggregator.ready();
  return { kube, aggregator };
}

async function startRelay(name: string): Promise<FakeSidecar> {
  const relay = await startFakeSidecar(name, { era: "modern", host });
  ends.push(() => relay.close());
  return relay;
}

type Json = Readonly<Record<string, unknown>>;
const serversOf = async (aggregator: RunningAggregator): Promise<readonly Json[]> =>
  (await aggregator.get("/api/v1/servers"))["servers"] as Json[];

it("serves the addresses of labelled Services as servers of their namespace, and follows each change", async () => {
  const relay = await startRelay("crm");
  const { kube, aggregator } = await startAll((api) => {
    writeService(api, "crm", { annotations: { "outrigger.dev/group": "sales" } });
    writeSlice(api, "crm", { ports: portsOf(relay) });
    writeService(api, "plain", { labels: {} });
  });
  await waitFor("the server", async () => (await serversOf(aggregator))[0]?.["toolsCount"] === 1);
  expect(await serversOf(aggregator)).toMatchObject([
    { name: "crm", namespace: "vendors", group: "sales", origin: "Service", state: "Ready" },
  ]);
  const [body, headers] = modernRequest("tools/call", {
    name: "call_tool",
    arguments: { name: "vendors__crm__echo", arguments: { text: "a" } },
  });
  const { messages } = await postRaw(`${aggregator.url}/mcp`, body, headers);
  expect(textOf(messages.at(-1)?.["result"])).toBe('{"text":"a"}');

  kube.store.of(core).remove("vendors", "crm");
  await waitFor("its end", async () => (await serversOf(aggregator)).length === 0);
  const gone = await waitFor("why", () => aggregator.log.find(({ msg }) => msg === "a sidecar is dialled no more"));
  expect(gone).toMatchObject({ namespace: "vendors", server: "crm", reason: "EntryRemoved" });
});

it("finds a pod once that is injected and behind such a Service, and keeps all while the API server fails", async () => {
  const relay = await startFakeSidecar("crm", { era: "modern", host, controlPort: sidecarPorts.control });
  ends.push(() => relay.close());
  const { kube, aggregator } = await startAll((api) => {
    api.store.set({
      metadata: {
        ...{ name: "crm-1", namespace: "vendors", uid: "uid-crm-1" },
        labels: { "outrigger.dev/injected": "true", "outrigger.dev/server": "crm" },
        annotations: { "outrigger.dev/endpoint": `${new URL(relay.data.url).port}/mcp` },
      },
      status: { phase: "Running", podIP: host, conditions: [{ type: "Ready", status: "True" }] },
    });
    writeService(api, "crm");
    writeSlice(api, "crm", { ports: portsOf(relay), targetRef: { kind: "Pod", uid: "uid-crm-1" } });
    writeService(api, "other");
    writeSlice(api, "other", { ports: portsOf(relay) });
  });
  const both = await waitFor("both servers", async () => {
    const found = await serversOf(aggregator);
    return found.length === 2 && found.every(({ toolsCount }) => toolsCount === 1) && found;
  });
  expect(both.map(({ name, origin, replicas }) => [name, origin, (replicas as Json[]).length])).toEqual([
    ["crm", "Injected", 1],
    ["other", "Service", 1],
  ]);
  const again = kube.failWhile(({ path }) => (/services|endpointslices/.test(path) ? { status: 500 } : undefined));
  kube.dropWatches();
  const servers = await waitFor("both faults", async () => {
    const told = await aggregator.get("/api/v1/servers");
    const faults = (told["faults"] as string[]).join();
    return faults.includes("services: ") && faults.includes("endpointslices: ") && (told["servers"] as Json[]);
  });
  expect(servers.map(({ name, state }) => [name, state])).toEqual([
    ["crm", "Ready"],
    ["other", "Ready"],
  ]);
  again();
});

it("shows what is wrong with a Service that can't be used, and asks for nothing where it is off", async () => {
  const relay = await startRelay("crm");
  const prepare = (api: FakeKube): void => {
    writeService(api, "portless");
    writeSlice(api, "portless", { ports: [{ name: "http", port: 80 }] });
    writeService(api, "metadata");
    writeSlice(api, "metadata", { addresses: ["169.254.169.254"], ports: portsOf(relay) });
    writeService(api, "empty");
  };
  const { aggregator } = await startAll(prepare);
  const records = await serversOf(aggregator);
  expect(records.map(({ name, state, reason }) => [name, state, reason])).toEqual([
    ["empty", "Initializing", "Starting"],
    ["metadata", "Dead", "EndpointInvalid"],
    ["portless", "Dead", "EndpointInvalid"],
  ]);
  expect(records[2]?.["message"]).toBe("Service portless has no TCP port mcp, which is that of its sidecars.");
  const off = await startAll(prepare, []);
  expect(await serversOf(off.aggregator)).toEqual([]);
  expect(off.kube.seen.filter(({ path }) => /services|endpointslices/.test(path))).toEqual([]);
});
