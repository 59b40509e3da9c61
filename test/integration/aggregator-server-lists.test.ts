/** Servers that ConfigMaps list: found, followed and kept by the real program at a fake API server, with the real sidecar's protocol. */
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

const configMaps = { group: "", plural: "configmaps" };
const place = { namespace: "partners", name: "servers" };

async function startServer(name: string): Promise<FakeSidecar> {
  const sidecar = await startFakeSidecar(name);
  ends.push(() => sidecar.close());
  return sidecar;
}

async function startKube(): Promise<FakeKube> {
  const kube = await startFakeKube();
  ends.push(() => kube.close());
  return kube;
}

async function startOn(kube: FakeKube, lists = "partners/servers"): Promise<RunningAggregator> {
  const aggregator = await startAggregatorProgram(undefined, ["--kube", kube.url, "--server-lists", lists]);
  ends.push(() => aggregator.close());
  return aggregator;
}

const write = (kube: FakeKube, data: Readonly<Record<string, string>>, metadata = place): void =>
  void kube.store.of(configMaps).set({ metadata: { ...metadata, creationTimestamp: "2026-11-01T10:00:00Z" }, data });
const textOfList = (...sidecars: readonly FakeSidecar[]): string =>
  JSON.stringify({ mcpServers: Object.fromEntries(sidecars.map((sidecar) => [sidecar.name, sidecar.entry()])) });

const faultsOf = async (aggregator: RunningAggregator): Promise<readonly string[]> =>
  (await aggregator.get("/api/v1/summary"))["faults"] as string[];
const namesOf = async (aggregator: RunningAggregator): Promise<readonly string[]> => {
  const { servers } = (await aggregator.get("/api/v1/servers")) as { servers: { namespace: string; name: string }[] };
  return servers.map(({ namespace, name }) => `${namespace}/${name}`);
};
const untilNames = async (aggregator: RunningAggregator, ...names: readonly string[]): Promise<void> => {
  await waitFor(`the servers ${names.join()}`, async () => (await namesOf(aggregator)).join() === names.join());
};
const untilFault = async (aggregator: RunningAggregator, wanted: RegExp): Promise<void> => {
  await waitFor(`the fault ${wanted.source}`, async () => wanted.test((await faultsOf(aggregator)).join()));
};

it("serves the sidecars that a ConfigMap lists as servers of its namespace, and follows each change of it", async () => {
  const kube = await startKube();
  const [orders, invoices] = [await startServer("orders"), await startServer("invoices")];
  write(kube, { "servers.json": textOfList(orders) });
  const aggregator = await startOn(kube);
  await aggregator.ready();
  const { servers } = await aggregator.get("/api/v1/servers");
  expect(servers).toMatchObject([
    { namespace: "partners", name: "orders", origin: "ConfigMap", state: "Ready", createdAt: "2026-11-01T10:00:00Z" },
  ]);
  const params = { name: "partners__orders__echo", arguments: { text: "w" } };
  const answer = await postRaw(`${aggregator.url}/mcp`, ...modernRequest("tools/call", params));
  expect(textOf(answer.messages[0]?.["result"])).toBe('{"text":"w"}');

  write(kube, { "servers.json": textOfList(orders, invoices) });
  await untilNames(aggregator, "partners/invoices", "partners/orders");
  write(kube, { "servers.json": textOfList(invoices) });
  await untilNames(aggregator, "partners/invoices");
  write(kube, { "servers.json": '{"mcpServers":{}}' });
  await untilNames(aggregator);
  expect(await faultsOf(aggregator)).toEqual([]);
});

it("asks for that one ConfigMap and for no other", async () => {
  const kube = await startKube();
  const [orders, other] = [await startServer("orders"), await startServer("other")];
  write(kube, { "servers.json": textOfList(orders) });
  write(kube, { "servers.json": textOfList(other) }, { ...place, name: "others" });
  const aggregator = await startOn(kube);
  await aggregator.ready();
  expect(await namesOf(aggregator)).toEqual(["partners/orders"]);
  const asked = kube.seen.filter(({ path }) => path.endsWith("/configmaps"));
  expect(new Set(asked.map(({ path, query }) => `${path} ${query.get("fieldSelector") ?? ""}`))).toEqual(
    new Set(["/api/v1/namespaces/partners/configmaps metadata.name=servers"]),
  );
});

it("keeps the last good list while the ConfigMap is broken or gone, and says why in API, metric and log", async () => {
  const kube = await startKube();
  const orders = await startServer("orders");
  write(kube, { "servers.json": textOfList(orders) });
  const aggregator = await startOn(kube);
  await aggregator.ready();

  write(kube, { "servers.json": textOfList(orders).replace('"url"', '"urll"') });
  await untilFault(aggregator, /^ConfigMap partners\/servers: .*mcpServers\.orders\.urll: expected no such key/);
  expect(await namesOf(aggregator)).toEqual(["partners/orders"]);
  expect(await aggregator.metrics()).toMatch(/^outrigger_aggregator_discovery_faults(?:\{.*\})? 1$/m);
  await waitFor("the line", () => JSON.stringify(aggregator.log).includes("ConfigMap partners/servers: "));

  write(kube, { "servers.yaml": "mcpServers: {}" });
  await untilFault(aggregator, /^ConfigMap partners\/servers has no member servers\.json$/);
  kube.store.of(configMaps).remove(place.namespace, place.name);
  await untilFault(aggregator, /^ConfigMap partners\/servers is not there$/);
  expect(await namesOf(aggregator)).toEqual(["partners/orders"]);

  write(kube, { "servers.json": textOfList(orders) });
  await waitFor("no fault", async () => (await faultsOf(aggregator)).length === 0);
  expect(await namesOf(aggregator)).toEqual(["partners/orders"]);
});

it("is ready without a list that it may not read, says so, and takes another all the same", async () => {
  const kube = await startKube();
  const orders = await startServer("orders");
  write(kube, { "servers.json": textOfList(orders) });
  const isForeign = /\/namespaces\/foreign\/configmaps/;
  kube.failWhile(({ path }) => (isForeign.test(path) ? { status: 403, body: "{}" } : undefined));
  const aggregator = await startOn(kube, "foreign/servers,partners/servers");
  await aggregator.ready();
  expect(await namesOf(aggregator)).toEqual(["partners/orders"]);
  expect(await faultsOf(aggregator)).toEqual([expect.stringMatching(/^ConfigMap foreign\/servers: .*403/)]);
});

it("keeps the list while the API server is away", async () => {
  const kube = await startKube();
  const orders = await startServer("orders");
  write(kube, { "servers.json": textOfList(orders) });
  const aggregator = await startOn(kube);
  await aggregator.ready();
  const back = kube.failWhile(() => ({ status: 500 }));
  kube.dropWatches();
  await untilFault(aggregator, /ConfigMap partners\/servers: .*500/);
  expect(await namesOf(aggregator)).toEqual(["partners/orders"]);
  back();
  await waitFor("no fault", async () => (await faultsOf(aggregator)).length === 0, 40_000);
});
