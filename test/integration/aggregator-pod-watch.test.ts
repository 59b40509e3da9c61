import { writeFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import forge from "node-forge";
import {
  openClusterAccess,
  resources,
  watchObjects,
  type ApiFailure,
  type ClusterAccess,
  type ObjectWatch,
} from "@outrigger/kube";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { afterEach, expect, it, vi } from "vitest";
import { startFakeKube, type FakeKube, type FakeKubeOptions } from "../fixtures/fake-kube/server.ts";
import type { FakePod } from "../fixtures/fake-kube/store.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const pod = (name: string, namespace = "tools"): FakePod => ({
  metadata: { name, namespace, labels: { "outrigger.dev/injected": "true" } },
});

async function startKube(options?: FakeKubeOptions): Promise<FakeKube> {
  const kube = await startFakeKube(options);
  ends.push(() => kube.close());
  return kube;
}

interface Watched {
  readonly watch: ObjectWatch<string>;
  readonly failures: ApiFailure[];
  readonly handlerErrors: unknown[];
  readonly names: () => string;
}

interface Choices {
  readonly namespaces?: readonly string[];
  readonly resyncMs?: number;
  readonly onChange?: () => void;
  readonly outlivesEmptyLists?: (name: string) => boolean;
  readonly onRemoved?: (name: string, why: string) => void;
  readonly backoff?: { readonly firstMs: number; readonly longestMs: number };
}

function watchNames(access: ClusterAccess, choices: Choices = {}): Watched {
  const failures: ApiFailure[] = [];
  const handlerErrors: unknown[] = [];
  const watch = watchObjects({
    access,
    resource: resources.pods,
    labelSelector: "outrigger.dev/injected=true",
    read: ({ metadata }) => metadata?.name ?? "",
    onChange: choices.onChange ?? (() => undefined),
    onFailure: (failure) => failures.push(failure),
    onHandlerError: (error) => handlerErrors.push(error),
    random: () => 0,
    backoff: choices.backoff ?? { firstMs: 20, longestMs: 100 },
    onRemoved: choices.onRemoved ?? (() => undefined),
    ...(choices.outlivesEmptyLists === undefined ? {} : { outlivesEmptyLists: choices.outlivesEmptyLists }),
    ...(choices.namespaces === undefined ? {} : { namespaces: choices.namespaces }),
    ...(choices.resyncMs === undefined ? {} : { resyncMs: choices.resyncMs }),
  });
  ends.push(() => watch.stop());
  return { watch, failures, handlerErrors, names: () => [...watch.list()].sort().join() };
}

async function openUrl(kube: FakeKube): Promise<ClusterAccess> {
  const access = await openClusterAccess({ mode: "url", baseUrl: kube.url });
  ends.push(() => access.close());
  return access;
}

it("lists what is there, page by page, and follows additions, changes and removals", async () => {
  const kube = await startKube();
  for (let count = 0; count < 1_203; count++) kube.store.set(pod(`pod-${count}`));
  const { watch, names } = watchNames(await openUrl(kube));
  await waitFor("the first list", () => watch.isSynced());
  expect(watch.list()).toHaveLength(1_203);
  expect(kube.seen.filter((seen) => seen.kind === "list")).toHaveLength(3);

  kube.store.set(pod("new"));
  await waitFor("the new pod", () => names().includes("new"));
  kube.store.remove("tools", "new");
  await waitFor("its end", () => !names().includes("new"));
  expect(kube.seen.filter((seen) => seen.kind === "list")).toHaveLength(3);
  expect(kube.connections()).toBeLessThanOrEqual(2);
});

it("leaves out pods without the label", async () => {
  const kube = await startKube();
  kube.store.set({ metadata: { name: "plain", namespace: "tools" } });
  kube.store.set(pod("ours"));
  const { watch, names } = watchNames(await openUrl(kube));
  await waitFor("the first list", () => watch.isSynced());
  expect(names()).toBe("ours");
});

it("F-083 asks for single namespaces only, where it is told to", async () => {
  const kube = await startKube();
  for (const namespace of ["a", "b", "c"]) kube.store.set(pod(`in-${namespace}`, namespace));
  const { watch, names } = watchNames(await openUrl(kube), { namespaces: ["a", "c"] });
  await waitFor("both lists", () => watch.isSynced());
  expect(names()).toBe("in-a,in-c");
  expect(new Set(kube.seen.map((seen) => seen.path))).toEqual(
    new Set(["/api/v1/namespaces/a/pods", "/api/v1/namespaces/c/pods"]),
  );
});

it("watches on from the last bookmark when a watch ends or its socket drops, and misses nothing in between", async () => {
  const kube = await startKube();
  kube.store.set(pod("first"));
  const { watch, names } = watchNames(await openUrl(kube));
  await waitFor("a watch", () => watch.isSynced() && kube.openWatches() === 1);
  kube.store.set({ metadata: { name: "foreign", namespace: "tools" } });
  kube.sendBookmarks();
  const bookmark = String(kube.store.version());
  kube.endWatches();
  kube.store.set(pod("second"));
  await waitFor("the pod that came while no watch was open", () => names() === "first,second");
  const last = kube.seen.at(-1);
  expect([last?.kind, last?.query.get("resourceVersion")]).toEqual(["watch", bookmark]);

  kube.dropWatches();
  kube.store.set(pod("third"));
  await waitFor("the pod that came after the socket dropped", () => names() === "first,second,third");
  expect(kube.seen.filter((seen) => seen.kind === "list")).toHaveLength(1);
});

it("F-082 lists again when its resource version is too old, as event and as status, and removes what is gone", async () => {
  const kube = await startKube();
  kube.store.set(pod("stays"));
  kube.store.set(pod("goes"));
  const { watch, names } = watchNames(await openUrl(kube));
  await waitFor("a watch", () => watch.isSynced() && kube.openWatches() === 1);
  kube.dropWatches();
  kube.store.remove("tools", "goes");
  kube.store.forget();
  await waitFor("the new list", () => names() === "stays");

  await waitFor("the next watch", () => kube.openWatches() === 1);
  kube.fail({ on: "watch", status: 410, body: "{}" });
  kube.dropWatches();
  kube.store.set(pod("later"));
  await waitFor("the list after the status", () => names() === "later,stays");
});

it("keeps what it knows through refusals and errors, and asks no sooner than Retry-After says", async () => {
  const kube = await startKube();
  kube.store.set(pod("known"));
  const { watch, names, failures } = watchNames(await openUrl(kube));
  await waitFor("a watch", () => watch.isSynced() && kube.openWatches() === 1);
  kube.fail({ on: "list", status: 429, headers: { "retry-after": "1" }, body: '{"message":"slow down"}' });
  kube.fail({ on: "list", status: 200, body: "<html>not a list</html>" });
  kube.store.forget();
  kube.dropWatches();
  await waitFor(
    "both failed lists and a good one",
    () => kube.seen.filter((seen) => seen.kind === "list").length === 4,
  );
  expect(names()).toBe("known");
  const lists = kube.seen.filter((seen) => seen.kind === "list");
  expect(lists[2]!.atMs - lists[1]!.atMs).toBeGreaterThanOrEqual(990);
  expect(failures.map((failure) => failure.status)).toContain(429);
});

it("believes an empty list only when it comes twice", async () => {
  const kube = await startKube();
  kube.store.set(pod("known"));
  const { watch, names, failures } = watchNames(await openUrl(kube));
  await waitFor("a watch", () => watch.isSynced() && kube.openWatches() === 1);
  const empty = JSON.stringify({ metadata: { resourceVersion: "999" }, items: [] });
  kube.fail({ on: "list", status: 200, body: empty });
  kube.store.forget();
  kube.dropWatches();
  await waitFor("the doubt", () => failures.some((failure) => failure.message.includes("came back empty")));
  expect(names()).toBe("known");
  await waitFor("the next watch", () => kube.openWatches() === 1);
  expect(names()).toBe("known");

  kube.fail({ on: "list", status: 200, body: empty });
  kube.fail({ on: "list", status: 200, body: empty });
  kube.store.forget();
  kube.dropWatches();
  await waitFor("the end of the pod", () => names() === "");
});

it("F-082 believes no empty list while what it knows is there, and says of each removal where it comes from", async () => {
  const kube = await startKube();
  for (const name of ["deleted", "lost", "stays"]) kube.store.set(pod(name));
  let isThere = true;
  const removed: string[] = [];
  const { watch, names, failures } = watchNames(await openUrl(kube), {
    outlivesEmptyLists: (name) => isThere && name === "stays",
    onRemoved: (name, why) => removed.push(`${name}: ${why}`),
  });
  await waitFor("a watch", () => watch.isSynced() && kube.openWatches() === 1);
  kube.store.remove("tools", "deleted");
  await waitFor("the end of the pod", () => names() === "lost,stays");
  const empty = JSON.stringify({ metadata: { resourceVersion: "999" }, items: [] });
  const end = kube.failWhile(({ kind }) =>
    kind === "list" ? { status: 200, body: empty } : { status: 410, body: "{}" },
  );
  kube.dropWatches();
  await waitFor(
    "many empty lists",
    () => failures.filter(({ message }) => message.includes("came back empty")).length > 5,
  );
  expect(names()).toBe("lost,stays");
  isThere = false;
  await waitFor("the end of what is not there", () => names() === "");
  end();
  expect(removed).toEqual(["deleted: deleted", "lost: notListed", "stays: notListed"]);
});

it("F-082 lists again when the API server was away, since it may be back with an older store", async () => {
  const kube = await startKube();
  kube.store.set(pod("known"));
  const { watch, names, failures } = watchNames(await openUrl(kube));
  await waitFor("a watch", () => watch.isSynced() && kube.openWatches() === 1);
  const end = kube.failWhile(() => ({ status: "reset" }));
  kube.dropWatches();
  await waitFor("failures", () => failures.length > 1);
  const lists = kube.seen.filter(({ kind }) => kind === "list").length;
  end();
  await waitFor("a watch", () => kube.openWatches() === 1);
  expect(kube.seen.filter(({ kind }) => kind === "list").length).toBeGreaterThan(lists);
  expect(names()).toBe("known");
});

it("goes on after garbage in a watch and after a handler that throws", async () => {
  const kube = await startKube();
  let calls = 0;
  const { watch, names, handlerErrors } = watchNames(await openUrl(kube), {
    onChange: () => {
      calls++;
      throw new Error("a fault of the handler");
    },
  });
  await waitFor("a watch", () => watch.isSynced() && kube.openWatches() === 1);
  kube.writeRaw('{"type":"ADDED"}\n');
  await waitFor("the broken watch to be left", () => kube.openWatches() === 0);
  kube.store.set(pod("later"));
  await waitFor("the pod", () => names() === "later");
  expect(handlerErrors).toHaveLength(calls);
  expect(calls).toBeGreaterThanOrEqual(2);
});

it("lists again from time to time, so that a lost event does not stay lost", async () => {
  const kube = await startKube();
  kube.store.set(pod("known"));
  watchNames(await openUrl(kube), { resyncMs: 300 });
  await waitFor("a second list", () => {
    // A fake watch does not end by itself as the real one does after `timeoutSeconds`.
    kube.endWatches();
    return kube.seen.filter((seen) => seen.kind === "list").length >= 2;
  });
});

it("stops for good, also in the middle of a list", async () => {
  const kube = await startKube();
  const { watch, names } = watchNames(await openUrl(kube));
  await waitFor("a watch", () => watch.isSynced() && kube.openWatches() === 1);
  await watch.stop();
  await waitFor("the end of the watch", () => kube.openWatches() === 0);
  kube.store.set(pod("late"));
  expect(names()).toBe("");

  const second = watchNames(await openUrl(kube));
  await second.watch.stop();
  expect([second.watch.isSynced(), kube.openWatches()]).toEqual([false, 0]);
});

it("F-082 goes to the API server as a pod does: token and CA from the mounted folder, one TLS connection per request under way", async () => {
  const tls = issueCertificate();
  const kube = await startKube({ tls, token: "first" });
  kube.store.set(pod("known"));
  const root = makeTestFolder("kube");
  const folder = join(root, "var/run/secrets/kubernetes.io/serviceaccount");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "token"), "first");
  await writeFile(join(folder, "ca.crt"), tls.cert);
  await writeFile(join(folder, "namespace"), "outrigger-system");
  process.env["KUBERNETES_SERVICE_HOST"] = "127.0.0.1";
  process.env["KUBERNETES_SERVICE_PORT"] = new URL(kube.url).port;
  const access = await openClusterAccess({ mode: "in-cluster", rootFolder: root });
  ends.push(() => access.close());
  const { watch, names } = watchNames(access);
  await waitFor("the first list", () => watch.isSynced());
  expect(names()).toBe("known");
  for (let round = 0; round < 5; round++) {
    await waitFor("a watch", () => kube.openWatches() === 1);
    const lists = kube.seen.filter((seen) => seen.kind === "list").length;
    kube.store.set(pod(`round-${round}`));
    await waitFor("its event", () => names().includes(`round-${round}`));
    kube.store.forget();
    kube.endWatches();
    await waitFor("another list", () => kube.seen.filter((seen) => seen.kind === "list").length > lists);
  }
  expect(kube.connections()).toBeLessThanOrEqual(3);
});

it("F-082 takes up a token and a CA that are replaced while it runs", async () => {
  const tls = issueCertificate();
  const options = { tls, token: "first" };
  const kube = await startKube(options);
  kube.store.set(pod("known"));
  const root = makeTestFolder("kube");
  const folder = join(root, "var/run/secrets/kubernetes.io/serviceaccount");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "token"), "first");
  await writeFile(join(folder, "ca.crt"), issueCertificate().cert);
  await writeFile(join(folder, "namespace"), "outrigger-system");
  process.env["KUBERNETES_SERVICE_HOST"] = "127.0.0.1";
  process.env["KUBERNETES_SERVICE_PORT"] = new URL(kube.url).port;
  const access = await openClusterAccess({ mode: "in-cluster", rootFolder: root });
  ends.push(() => access.close());
  const { names, failures } = watchNames(access);
  await waitFor("the refusal of another authority's certificate", () => failures.length > 0);
  expect(failures[0]?.message).toMatch(
    /^can't reach https:\/\/127\.0\.0\.1:\d+ \(from KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT\): .*certificate/,
  );
  await writeFile(join(folder, "ca.crt"), tls.cert);
  await waitFor("the list with the new CA", () => names() === "known");

  await writeFile(join(folder, "token"), "second");
  options.token = "second";
  // The client reads the token again after a minute by its clock.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
  ends.push(() => Promise.resolve(vi.useRealTimers()));
  kube.store.forget();
  kube.dropWatches();
  kube.store.set(pod("later"));
  await waitFor("the list with the new token", () => names() === "known,later");
});

it("F-082 keeps what it knows through as many attempts as an hour holds, and catches up when the API server is back", async () => {
  const kube = await startKube();
  kube.store.set(pod("stays"));
  kube.store.set(pod("goes"));
  const { watch, names, failures } = watchNames(await openUrl(kube), { backoff: { firstMs: 1, longestMs: 2 } });
  await waitFor("a watch", () => watch.isSynced() && kube.openWatches() === 1);
  const end = kube.failWhile(() => ({ status: "reset" }));
  kube.dropWatches();
  kube.store.remove("tools", "goes");
  kube.store.set(pod("comes"));
  kube.store.forget();
  // One in 30 s, the longest wait, makes 120 an hour.
  await waitFor("that many failures", () => {
    expect(names()).toBe("goes,stays");
    return failures.length >= 120;
  });
  end();
  await waitFor("what happened meanwhile", () => names() === "comes,stays");
});

it("F-184 says where nothing listens at the URL of kubectl proxy, and asks whether it runs", async () => {
  const baseUrl = `http://127.0.0.1:${await findFreePort()}`;
  const access = await openClusterAccess({ mode: "url", baseUrl });
  ends.push(() => access.close());
  const { failures } = watchNames(access);
  await waitFor("a failure", () => failures.length > 0);
  expect(failures[0]).toEqual({
    kind: "unreachable",
    message: `can't reach ${baseUrl} (from --kube): nothing listens there (ECONNREFUSED); is \`kubectl proxy\` running?`,
  });
});

it("F-082 reads a kubeconfig, and says what is wrong with one that names no cluster", async () => {
  const tls = issueCertificate();
  const kube = await startKube({ tls, token: "person" });
  kube.store.set(pod("known"));
  const folder = makeTestFolder("kube");
  const file = join(folder, "config");
  const config = {
    "current-context": "here",
    clusters: [
      {
        name: "fake",
        cluster: { server: kube.url, "certificate-authority-data": Buffer.from(tls.cert).toString("base64") },
      },
    ],
    users: [{ name: "me", user: { token: "person" } }],
    contexts: [{ name: "here", context: { cluster: "fake", user: "me" } }],
  };
  await writeFile(file, JSON.stringify(config));
  const access = await openClusterAccess({ mode: "kubeconfig", file });
  ends.push(() => access.close());
  const { names } = watchNames(access);
  await waitFor("the first list", () => names() === "known");

  await writeFile(file, JSON.stringify({ ...config, "current-context": "elsewhere" }));
  await expect(openClusterAccess({ mode: "kubeconfig", file })).rejects.toThrow(/no current cluster/);
});

/** A certificate for 127.0.0.1 that signs itself. */
function issueCertificate(): { key: string; cert: string } {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = keys.publicKey;
  certificate.serialNumber = "01";
  certificate.validity.notBefore = new Date(Date.now() - 60_000);
  certificate.validity.notAfter = new Date(Date.now() + 3_600_000);
  const name = [{ name: "commonName", value: "fake-kube" }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: "basicConstraints", cA: true },
    { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
  ]);
  certificate.sign(keys.privateKey, forge.md.sha256.create());
  return { key: forge.pki.privateKeyToPem(keys.privateKey), cert: forge.pki.certificateToPem(certificate) };
}
