/** Time from a Deployment's acceptance to the first answered call, with and without us, in turns. */
import { connect } from "node:net";
import { waitFor } from "../../fixtures/wait-for.ts";
import { createCaller, type Way } from "./caller.ts";
import type { Kind, Pod, Stage } from "./stage.ts";

/** Seconds of every round. */
export interface FirstCalls {
  readonly plain: readonly number[];
  readonly throughSidecar: readonly number[];
  readonly throughAggregator: readonly number[];
}

const withinMs = 60_000;
const connectWithinMs = 100;

/** Measures so many rounds; the Deployments are removed. */
export async function measureFirstCalls(stage: Stage, rounds: number): Promise<FirstCalls> {
  const result = { plain: [] as number[], throughSidecar: [] as number[], throughAggregator: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const [plain] = await measureOne(stage, { name: `first-plain-${round}`, kind: "plain" });
    const [sidecar, aggregator] = await measureOne(stage, { name: `first-ours-${round}`, kind: "ours" });
    result.plain.push(plain ?? Number.NaN);
    result.throughSidecar.push(sidecar ?? Number.NaN);
    result.throughAggregator.push(aggregator ?? Number.NaN);
  }
  return result;
}

async function measureOne(
  stage: Stage,
  { name, kind }: { readonly name: string; readonly kind: Kind },
): Promise<readonly number[]> {
  const startedMs = performance.now();
  await stage.deploy(name, kind);
  const atPod = async (way: (pod: Pod) => Way): Promise<number> => {
    const pod = await waitFor("an address", async () => (await stage.pods(name)).find(hasAddress), withinMs);
    await answered(way(pod));
    return (performance.now() - startedMs) / 1_000;
  };
  const atAggregator = async (): Promise<number> => {
    await answered(stage.throughAggregator(name));
    return (performance.now() - startedMs) / 1_000;
  };
  const seconds = await Promise.all(
    kind === "plain" ? [atPod(stage.direct)] : [atPod(stage.throughSidecar), atAggregator()],
  );
  await stage.remove(name);
  await waitFor("the pods to go", async () => (await stage.pods(name)).length === 0, withinMs);
  return seconds;
}

function hasAddress(pod: Pod): boolean {
  return pod.status?.podIP !== undefined;
}

async function answered(way: Way): Promise<void> {
  const caller = createCaller(way);
  try {
    const { hostname, port } = new URL(way.url);
    await waitFor("a connection", () => connects(hostname, Number(port === "" ? 80 : port)), withinMs);
    await waitFor("an answer", async () => (await caller.call()).kind === "answered", withinMs);
  } finally {
    caller.close();
  }
}

/** A packet that a network policy drops is sent again only after a second: that wait would be measured, so it is not waited for. */
function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: connectWithinMs });
    const end = (isConnected: boolean): void => {
      socket.destroy();
      resolve(isConnected);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}
