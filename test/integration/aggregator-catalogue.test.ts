import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { afterEach, expect, it } from "vitest";
import type { DiscoveredSidecar } from "../../aggregator/src/discovery/source.ts";
import { parseSearchRequest } from "../../aggregator/src/search/request.ts";
import { search } from "../../aggregator/src/search/search.ts";
import type { State, StateOptions } from "../../aggregator/src/state/state.ts";
import { summarise } from "../../aggregator/src/state/summary.ts";
import { startFakeControl, type FakeControl } from "../fixtures/fake-sidecar/control.ts";
import { makeTool } from "../fixtures/fake-sidecar/sidecar.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { openState } from "./aggregator-state.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Stage {
  readonly state: State;
  readonly tell: (...sidecars: DiscoveredSidecar[]) => void;
  readonly tools: () => string;
}

/** A state over sidecars that the test names, with short times. */
async function startState(rest: Partial<StateOptions> = {}): Promise<Stage> {
  const { state, tell } = await openState(ends, rest);
  return {
    state,
    tell,
    tools: () =>
      state
        .catalogue()
        .tools.map(({ publicName }) => publicName)
        .join(),
  };
}

async function startControl(server: string, port = 0): Promise<FakeControl> {
  const control = await startFakeControl(server, { port });
  ends.push(() => control.close());
  return control;
}

function sidecarAt(control: { readonly url: string }, server = "files", key = server): DiscoveredSidecar {
  return {
    key,
    namespace: "tools",
    server,
    group: "default",
    dataUrl: `${control.url}/mcp`,
    controlUrl: control.url,
    labels: {},
    createdAt: "2026-11-01T10:00:00Z",
    origin: "Injected",
    transport: "streamable-http",
    headers: {},
    isReady: true,
  };
}

function findFirst(state: State, description: string): unknown {
  const parsed = parseSearchRequest({ description });
  return parsed.ok ? search(state.index(), parsed.value, () => true).tools[0] : undefined;
}

it("F-068 keeps the tools of a server whose sidecar is gone for the grace period, marked, and then the server alone", async () => {
  const control = await startControl("files");
  control.list([makeTool("read_file")]);
  const { state, tell, tools } = await startState({ graceMs: 400 });
  tell(sidecarAt(control));
  await waitFor("the list", () => tools() === "files__read_file");
  const { port } = new URL(control.url);
  await control.close();
  await waitFor("the sidecar to be missed", () => state.views().get("files")?.reason === "SidecarUnreachable");
  expect(tools()).toBe("files__read_file");
  expect(findFirst(state, "read a file")).toMatchObject({ name: "files__read_file", state: "Dead" });
  expect(summarise(state.catalogue(), state.discovered())).toMatchObject({ failed: 1, successful: 0, tools: 1 });

  await waitFor("the end of the grace period", () => tools() === "");
  expect(state.catalogue().servers.get("tools/files")).toMatchObject({ state: "Dead", tools: [] });

  const back = await startControl("files", Number(port));
  back.list([makeTool("read_file")]);
  await waitFor("its return", () => tools() === "files__read_file");
  expect(findFirst(state, "read a file")).not.toHaveProperty("state");
});

it("F-085 loses nothing when feeds break and come back, a server dies, or its list can't be read any more", async () => {
  const control = await startControl("files");
  control.list([makeTool("read_file")]);
  const { state, tell, tools } = await startState();
  const seen = new Set<string>();
  state.onChange(() => seen.add(tools()));
  tell(sidecarAt(control));
  await waitFor("the list", () => tools() === "files__read_file");
  seen.clear();
  for (let count = 0; count < 3; count++) {
    control.drop();
    await waitFor("the feed again", () => control.readers() === 1);
  }
  control.tell({
    health: { state: "Dead", reason: "ProbeFailed", message: "It does not answer.", sinceMs: 0 },
    catalogue: { reason: "ListFailed", message: "It was asked in vain.", atMs: 0 },
  });
  await waitFor("the state", () => state.catalogue().servers.get("tools/files")?.state === "Dead");
  control.failCatalogues(500);
  control.list([makeTool("write_file")]);
  await waitFor("the finding", () => {
    const findings = state.catalogue().servers.get("tools/files")?.findings ?? [];
    return findings.some(({ reason }) => reason === "ListFailed");
  });
  expect(tools()).toBe("files__read_file");
  expect([...seen].filter((names) => names !== "files__read_file")).toEqual([]);
});

it("reads a list that changes all the time twice a second, and ends with the last one", async () => {
  const control = await startControl("files");
  const { tell, tools } = await startState();
  tell(sidecarAt(control));
  const startedMs = performance.now();
  let count = 0;
  await waitFor("two seconds of changes", () => {
    control.list([makeTool(`tool_${++count}`)]);
    return performance.now() - startedMs > 2_000;
  });
  await waitFor("the last list", () => tools() === `files__tool_${count}`);
  const halfSeconds = (performance.now() - startedMs) / 500;
  expect(control.fetches()).toBeLessThanOrEqual(1 + halfSeconds);
  expect(count).toBeGreaterThan(2 * control.fetches());
});

it("asks again for a catalogue that could not be fetched, and never takes another's for it", async () => {
  const control = await startControl("files");
  control.failCatalogues(500);
  control.list([makeTool("read_file")]);
  const { state, tell, tools } = await startState();
  tell(sidecarAt(control));
  await waitFor("the failure", () => state.views().get("files")?.fetchFailure !== undefined);
  expect(state.isSettled()).toBe(true);
  control.failCatalogues(undefined);
  await waitFor("the list", () => tools() === "files__read_file");
  expect(state.views().get("files")?.fetchFailure).toBeUndefined();

  // The other server announces a digest that it does not serve: what is known of it elsewhere does not count.
  const liar = await startControl("liar");
  const digest = state.views().get("files")?.feed?.digest;
  if (digest === undefined) throw new Error("a listed server has a digest");
  liar.tell({ digest, health: { state: "Ready", reason: "Serving", message: "", sinceMs: 0 } });
  tell(sidecarAt(control), sidecarAt(liar, "liar"));
  await waitFor("the refusal", () => state.views().get("liar")?.fetchFailure !== undefined);
  expect(tools()).toBe("files__read_file");
});

it("takes what discovery says: a sidecar that is gone takes its server along, one that moved is followed to its new place", async () => {
  const [one, two] = [await startControl("files"), await startControl("files")];
  one.list([makeTool("old")]);
  two.list([makeTool("new")]);
  const { state, tell, tools } = await startState();
  tell(sidecarAt(one));
  await waitFor("the list", () => tools() === "files__old");
  tell(sidecarAt(two));
  await waitFor("the list of the new place", () => tools() === "files__new");
  await waitFor("the old feed to be left", () => one.readers() === 0);
  tell({ ...sidecarAt(two), group: "code" });
  await waitFor("the group", () => state.catalogue().servers.get("tools/files")?.group === "code");
  tell();
  expect(tools()).toBe("");
  await waitFor("the feed to be left", () => two.readers() === 0);
});

it("F-087 marks a list that holds more than is taken", async () => {
  const control = await startControl("files");
  control.list([makeTool("a")], { limited: true });
  const { state, tell, tools } = await startState();
  tell(sidecarAt(control));
  await waitFor("the list", () => tools() === "files__a");
  expect(state.catalogue().servers.get("tools/files")?.findings).toMatchObject([{ reason: "CatalogLimited" }]);
});

it("asks a sidecar that started slowly as soon as its pod is said to be ready, however long it would have waited", async () => {
  const { state, tell, tools } = await startState({ backoff: { firstMs: 600_000, longestMs: 600_000 } });
  const port = await findFreePort();
  const starting = { ...sidecarAt({ url: `http://127.0.0.1:${port}` }), isReady: false };
  tell(starting);
  await waitFor("the first attempt to fail", () => state.views().get("files")?.reason === "SidecarUnreachable");
  const control = await startControl("files", port);
  control.list([makeTool("read_file")]);
  tell({ ...starting, isReady: true });
  await waitFor("the list", () => tools() === "files__read_file");
});
