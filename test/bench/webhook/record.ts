/**
 * `node --conditions=outrigger-source test/bench/webhook/record.ts`: records reviews.tsv from a real API server, which adds to a pod what no
 * manifest says. Needed where pods.ts has changed.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProgress, toProgressOutput } from "../../cluster/progress.ts";
import { sendToCluster } from "../../cluster/ask-cluster.ts";
import { waitFor } from "../../fixtures/wait-for.ts";
import { openCluster } from "./cluster.ts";
import { pods, usualPods } from "./pods.ts";
import { bundleWebhook } from "./programs.ts";
import { toReusable } from "./reviews.ts";
import { reviewsFile } from "./stage.ts";
import { noOpName, startNoOp } from "./servers.ts";

const progress = createProgress(toProgressOutput(process.stderr, process.env));
const cluster = await openCluster(progress.note);
const folder = await mkdtemp(join(tmpdir(), "outrigger-bench-"));
try {
  const programs = await bundleWebhook(folder);
  const recordFile = join(folder, "bodies");
  await writeFile(recordFile, "");
  const noOp = await startNoOp({ programs, folder, onStart: () => undefined }, cluster, { record: recordFile });
  await cluster.register({ [noOpName]: noOp });
  const { path } = cluster.dryRunTarget(noOpName);
  const lines: string[] = [];
  for (const { name, pod } of [...usualPods, pods.ten, pods.thirty]) {
    await writeFile(recordFile, "");
    // An API server takes a moment to know of a new configuration.
    const body = await waitFor("the API server to ask", async () => {
      await sendToCluster(cluster.kubeconfig ?? "", { method: "POST", path, body: pod });
      return (await readFile(recordFile, "utf8")).split("\n", 1)[0];
    });
    lines.push(`${name}\t${toReusable(body, cluster.namespaceOf(noOpName))}\n`);
    progress.note(`${name}: ${body.length} bytes`);
  }
  await writeFile(reviewsFile, lines.join(""));
  await noOp.stop();
} finally {
  await cluster.close();
  await rm(folder, { recursive: true, force: true });
}
