/** A list of 6,000 tools, all of its pages, beside a plain server that hands out the same bytes. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Agent } from "undici";
import { bundleEntry } from "../../../bundle/bundle.ts";
import { modernRequest } from "../../../fixtures/mcp-clients.ts";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import type { BenchCase } from "../../sidecar/plan.ts";
import { startSubject } from "../../sidecar/subject.ts";
import { ask, type Asked, type Entry } from "../load.ts";
import { compareCapacity, describeRows, measureEntries } from "../measure.ts";
import type { AggregatorPlan } from "../plan.ts";
import { startServers, type AggregatorStage } from "../stage.ts";

const [servers, toolsOfEach] = [60, 100];
const ours = "aggregator";
const still = "ready-made bytes";
const startSeconds = 6;

/** The case. */
export const listCase: BenchCase<AggregatorStage, AggregatorPlan> = {
  name: "list",
  expectSeconds: ({ rounds, seconds, mostWarmUpSeconds }) => startSeconds + 2 * rounds * seconds + mostWarmUpSeconds,
  run: async (stage, plan) => {
    plan.onProgress("list: starting");
    const nowhere = "http://127.0.0.1:9/mcp";
    const entries = await startServers({ count: servers, tools: toolsOfEach }, () => nowhere, stage.ends);
    const { pid, url } = await stage.start(entries);
    const pages = await walk(`${url}/mcp`);
    const both = [enter(ours, pid, { url: `${url}/mcp`, pages }), await enterStill(stage, pages)];
    const rounds = await measureEntries(stage, { title: "list", entries: both }, plan);
    return {
      rows: describeRows(rounds, `6,000 tools, ${pages.length} pages`, [ours, still]),
      figures: { list_6000_vs_static: compareCapacity(rounds, { of: ours, by: still }) },
      notes: [],
    };
  },
};

/** A page: the request for it, and its bytes as they came. */
interface Page {
  readonly asked: Asked;
  readonly text: string;
}

/** All pages. Errors: rejects where they do not hold every tool. */
async function walk(url: string): Promise<readonly Page[]> {
  const dispatcher = new Agent();
  const pages: Page[] = [];
  let cursor: string | undefined;
  let tools = 0;
  try {
    do {
      const asked = modernRequest("tools/list", cursor === undefined ? {} : { cursor });
      const text = await ask(url, asked, "tool_", dispatcher);
      pages.push({ asked, text });
      // The aggregator's answer, of which these are read.
      const { result } = JSON.parse(text) as { result: { nextCursor?: string; tools: unknown[] } };
      cursor = result.nextCursor;
      tools += result.tools.length;
    } while (cursor !== undefined);
  } finally {
    await dispatcher.destroy();
  }
  if (tools !== servers * toolsOfEach) throw new Error(`${tools} tools were listed, not ${servers * toolsOfEach}`);
  return pages;
}

interface Walked {
  readonly url: string;
  readonly pages: readonly Page[];
}

/** One round reads all pages, one after the other. */
function enter(name: string, pid: number, { url, pages }: Walked): Entry {
  return {
    ...{ subject: { name, pid }, connections: 1 },
    round: async (dispatcher) => {
      for (const { asked } of pages) await ask(url, asked, "tool_", dispatcher);
    },
  };
}

async function enterStill(stage: AggregatorStage, pages: readonly Page[]): Promise<Entry> {
  const [program, file] = [join(stage.folder, "static-pages.cjs"), join(stage.folder, "pages.json")];
  await bundleEntry(fileURLToPath(new URL("../../programs/static-pages.ts", import.meta.url)), program);
  await writeFile(file, JSON.stringify(pages.map(({ text }) => text)));
  const port = await findFreePort();
  const subject = await startSubject({ name: still, args: [program, file, String(port)], port, core: "last" });
  stage.ends.push(() => subject.stop());
  stage.follow(subject.pid);
  return enter(still, subject.pid, { url: `http://127.0.0.1:${port}/mcp`, pages });
}
