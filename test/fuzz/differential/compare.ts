/** Sends bodies through a real sidecar to a real server and compares the tools that the sidecar judged with those that the server ran. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startProgram } from "../../fixtures/program.ts";
import { waitFor } from "../../fixtures/wait-for.ts";
import { callOf } from "../generators/request.ts";
import { isForbidden, policy } from "../names.ts";
import { createRandom } from "../random.ts";
import { makeBody, type RequestBody } from "./bodies.ts";
import type { RecordingApp } from "./sdk-apps.ts";

const sidecarMain = fileURLToPath(new URL("../../../sidecar/src/main.ts", import.meta.url));

/** What was sent and what became of it. Each list in order, so that what was run can be found in what was judged. */
export interface Comparison {
  readonly sent: number;
  /** Names in calls that the sidecar let pass. */
  readonly judged: readonly string[];
  /** Names that the server ran. */
  readonly ran: readonly string[];
  /** Run though forbidden. */
  readonly forbidden: readonly string[];
  /** The first that the server ran and the sidecar did not judge at that place, with what was sent then; undefined where there is none. */
  readonly unjudged: string | undefined;
}

/** The last call, by which both sides are known to have told everything before it. */
const lastName = "echo-at-the-end";

/** Sends `count` bodies of a seed, one after the other. */
export async function compareTools(
  app: RecordingApp,
  { seed, count }: { readonly seed: number; readonly count: number },
): Promise<Comparison> {
  const folder = await mkdtemp(join(tmpdir(), "outrigger-differential-"));
  const policyFile = join(folder, "policy.json");
  await writeFile(policyFile, JSON.stringify(policy));
  const judged: string[] = [];
  const sidecar = startSidecar(app.port, { policyFile, judged });
  const agent = new Agent({ keepAlive: true });
  const random = createRandom(seed);
  const sentBefore: string[] = [];
  try {
    const port = await sidecar.port;
    for (let left = count; left > 0; left--) {
      const body = makeBody(random);
      const before = app.ran.length;
      await send(port, agent, body);
      // A server in another process tells of what it ran a moment later: that is put down to a later body, never to none.
      for (let at = before; at < app.ran.length; at++) sentBefore[at] = body.body.toString("latin1");
    }
    await send(port, agent, { body: Buffer.from(callOf(lastName)), headers: {} });
    await waitFor("both have told of the last call", () => app.ran.at(-1) === lastName && judged.at(-1) === lastName);
    const at = findUnjudged(judged, app.ran);
    const unjudged = at === undefined ? undefined : `${app.ran[at] ?? ""}, of ${sentBefore[at] ?? ""}`;
    const forbidden = app.ran.filter((name) => isForbidden("tool", name));
    return { sent: count, judged, ran: app.ran, forbidden, unjudged };
  } finally {
    agent.destroy();
    await sidecar.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whatever ran was judged, in the same order: the index of the first name for which that does not hold. */
export function findUnjudged(judged: readonly string[], ran: readonly string[]): number | undefined {
  let next = 0;
  for (const [at, name] of ran.entries()) {
    const found = judged.indexOf(name, next);
    if (found < 0) return at;
    next = found + 1;
  }
  return undefined;
}

function startSidecar(
  appPort: number,
  { policyFile, judged }: { readonly policyFile: string; readonly judged: string[] },
): { readonly port: Promise<number>; readonly stop: () => Promise<unknown> } {
  const listening = Promise.withResolvers<number>();
  const anywhere = ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
  const rest = ["--policy", policyFile, "--audit", "all", "--drain-seconds", "0"];
  const upstream = ["--upstream", `http://127.0.0.1:${appPort}/mcp`];
  const program = startProgram(
    [process.execPath, "--conditions=outrigger-source", sidecarMain, ...anywhere, ...upstream, ...rest],
    {
      onLine: (line) => {
        // The sidecar writes one JSON object per line.
        const entry = JSON.parse(line) as Readonly<Record<string, unknown>>;
        if (entry["msg"] === "listening") listening.resolve(Number(entry["dataPort"]));
        const isCall = entry["method"] === "tools/call" && entry["reason"] !== "ToolDenied";
        const name = entry["name"] ?? entry["tool"];
        if (isCall && typeof name === "string") judged.push(name);
      },
    },
  );
  return { port: program.whenReady(listening.promise), stop: program.stop };
}

/** Sends one body and reads the answer to its end, whatever it is. */
function send(port: number, agent: Agent, { body, headers }: RequestBody): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const sent = request(
    {
      ...{ port, agent, host: "127.0.0.1", path: "/mcp", method: "POST" },
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "content-length": body.length,
        ...headers,
      },
    },
    (answer) => {
      answer.resume();
      answer.on("end", () => resolve(undefined));
      answer.on("error", reject);
    },
  );
  sent.on("error", reject);
  sent.end(body);
  return promise;
}
