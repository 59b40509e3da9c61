/** Whether anything grows over many admissions: resident memory, and live objects after a collection, at ten points of one process. */
import { once } from "node:events";
import { connect } from "node:net";
import { judgeSeries, type Row } from "../../../soak/report.ts";
import type { Sample } from "../../../soak/slope.ts";
import { readMemory } from "../../sidecar/cores.ts";
import type { BenchCase, CaseResult } from "../../sidecar/plan.ts";
import { spread } from "../../stats/series.ts";
import { openPosters } from "../load/client.ts";
import { directLoad } from "../measure.ts";
import type { WebhookPlan } from "../plan.ts";
import { webhookName, type Server } from "../servers.ts";
import type { WebhookStage } from "../stage.ts";

const points = 10;
const connections = 8;
const bytesPerMiB = 1_024 ** 2;
/** On a quiet machine; only for the forecast. */
const reviewsPerSecond = 1_000;
/** What a soak lets memory grow by, over the second half of a run. */
const mayGrowMiB = 5;

/** One point: how many reviews were answered, and the memory then. */
export interface MemoryPoint {
  readonly reviews: number;
  readonly rssMiB: number;
  readonly heapMiB: number;
}

/** The case. */
export const memoryCase: BenchCase<WebhookStage, WebhookPlan> = {
  name: "memory",
  expectSeconds: ({ memoryReviews }) => 2 + memoryReviews / reviewsPerSecond,
  run: async (stage, plan) => {
    const server = await stage.collected();
    try {
      return describeMemory(await readPoints(server, plan));
    } finally {
      await server.stop();
    }
  },
};

async function readPoints(server: Server, { memoryReviews, onProgress }: WebhookPlan): Promise<readonly MemoryPoint[]> {
  const { target, requests } = directLoad(server);
  const posters = openPosters(target, requests, connections);
  const found: MemoryPoint[] = [];
  const each = Math.ceil(memoryReviews / points);
  try {
    for (let point = 1; point <= points; point++) {
      onProgress(`memory: ${((point - 1) * each).toLocaleString("en-US")} of ${memoryReviews.toLocaleString("en-US")}`);
      let left = each;
      const post = async (send: () => Promise<string | undefined>): Promise<void> => {
        while (left-- > 0) {
          const wrong = await send();
          if (wrong !== undefined) throw new Error(`${server.name}: a wrong answer: ${wrong}`);
        }
      };
      await Promise.all(posters.map((poster) => post(poster.post)));
      const heapMiB = (await collect(server)) / bytesPerMiB;
      found.push({ reviews: point * each, rssMiB: readMemory(server.pid).rss, heapMiB });
    }
    return found;
  } finally {
    for (const { close } of posters) close();
  }
}

/** Bytes of live objects, after a collection. */
async function collect({ heapPort = 0 }: Server): Promise<number> {
  const socket = connect(heapPort, "127.0.0.1");
  socket.write("\n");
  const [bytes] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return Number(bytes.toString());
}

/** Rows and figures of the points; the notes have each point, so that growth can be seen as well as judged. */
export function describeMemory(found: readonly MemoryPoint[]): CaseResult {
  const judge = (name: string, pick: (point: MemoryPoint) => number): Row =>
    // The soak's rule speaks of seconds; here a review is one.
    judgeSeries({ name, unit: "MiB", mayGrow: mayGrowMiB, samples: found.map((each) => toSample(each, pick)) });
  const [rss, heap] = [judge("resident", ({ rssMiB }) => rssMiB), judge("live", ({ heapMiB }) => heapMiB)];
  const figure = (value: number) => ({ ...spread([value]), clean: true });
  return {
    rows: found.map(({ reviews, rssMiB, heapMiB }) => ({
      bench: "webhook-memory",
      case: `after ${reviews.toLocaleString("en-US")}`,
      subject: webhookName,
      rounds: 1,
      clean: true,
      rssMiB: spread([rssMiB]),
      heapMiB: spread([heapMiB]),
    })),
    figures: { heap_growth_mib: figure(heap.growth), rss_growth_mib: figure(rss.growth) },
    notes: [],
  };
}

const toSample = (point: MemoryPoint, pick: (point: MemoryPoint) => number): Sample => ({
  atSeconds: point.reviews,
  value: pick(point),
});
