/**
 * The client behind an aggregator that has the suite's server as its only one, behind a sidecar: what the suite judges is what these two do
 * as a client. Run by the suite, with the URL as the last argument.
 */
import { startAggregatorProgram } from "../../fixtures/aggregator.ts";
import { createPrograms } from "../../fixtures/programs.ts";
import { startRealSidecar } from "../../fixtures/real-sidecar.ts";
import { readTask, useServer } from "./client.ts";

const task = readTask(process.argv, process.env);
const programs = createPrograms();
try {
  const sidecar = await startRealSidecar(programs, "suite", ["--upstream", task.url]);
  const aggregator = await startAggregatorProgram({ suite: sidecar.entry() });
  try {
    await aggregator.ready();
    await useServer({ ...task, url: `${aggregator.url}/mcp/s/local/suite` });
  } finally {
    await aggregator.close();
  }
} finally {
  await programs.endAll();
}
