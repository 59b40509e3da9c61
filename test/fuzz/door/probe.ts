/** An ordinary client beside the hostile ones: calls an allowed tool again and again, and says when it was not served. */
import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { callOf } from "../generators/request.ts";

/** Longest time that a call may take while others do their worst, in ms. */
const servedWithinMs = 20_000;

/** Between two calls, in ms. */
const everyMs = 100;

/** A running probe. */
export interface Probe {
  readonly served: () => number;
  /** Why a call was not served: every such call since the start. */
  readonly problems: readonly string[];
  readonly slowestMs: () => number;
  readonly stop: () => Promise<void>;
}

/** Starts the probe. */
export function startProbe(port: number): Probe {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const problems: string[] = [];
  const seen = { served: 0, slowestMs: 0, isStopped: false };
  const run = async (): Promise<void> => {
    while (!seen.isStopped) {
      const startedMs = performance.now();
      const problem = await call(port, agent);
      if (problem === undefined) seen.served++;
      else problems.push(problem);
      seen.slowestMs = Math.max(seen.slowestMs, performance.now() - startedMs);
      await pause(everyMs);
    }
  };
  const running = run();
  return {
    served: () => seen.served,
    problems,
    slowestMs: () => seen.slowestMs,
    stop: async () => {
      seen.isStopped = true;
      await running;
      agent.destroy();
    },
  };
}

/** One call; resolves to what was wrong with it, or to undefined. */
function call(port: number, agent: Agent): Promise<string | undefined> {
  const body = callOf("echo", "probe");
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const headers = { "content-type": "application/json", "content-length": body.length };
  const sent = request({ port, host: "127.0.0.1", path: "/mcp", method: "POST", agent, headers }, (answer) => {
    let text = "";
    answer.setEncoding("utf8");
    answer.on("data", (chunk: string) => (text += chunk));
    answer.on("error", (error) => resolve(error.message));
    answer.on("end", () => {
      const isRight = answer.statusCode === 200 && text.includes('"done"');
      resolve(isRight ? undefined : `status ${answer.statusCode ?? 0}: ${text.slice(0, 200)}`);
    });
  });
  sent.setTimeout(servedWithinMs, () => sent.destroy(new Error(`no answer within ${servedWithinMs} ms`)));
  // A connection that was kept may be closed by the door just then: that is no refusal (RFC 9110 section 9.2.2).
  sent.on("error", (error: NodeJS.ErrnoException) =>
    resolve(sent.reusedSocket && error.code === "ECONNRESET" ? undefined : error.message),
  );
  sent.end(body);
  return promise;
}
