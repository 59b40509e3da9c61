/** An ordinary client beside the hostile ones: lists tools and calls one, again and again, and says when it was not served. */
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
  /** Calls that it was told were broken by the server, which had ended its connection without a word. */
  readonly broken: () => number;
  /** Why a call was not served: every such call since the start. */
  readonly problems: readonly string[];
  readonly slowestMs: () => number;
  readonly stop: () => Promise<void>;
}

/** Starts the probe. `endedUnsaid`: how many connections the server has ended without having said so. */
export function startProbe(port: number, endedUnsaid: () => number): Probe {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const problems: string[] = [];
  const seen = { served: 0, broken: 0, slowestMs: 0, isStopped: false };
  const run = async (): Promise<void> => {
    for (let turn = 0; !seen.isStopped; turn++) {
      const startedMs = performance.now();
      const problem = await ask(port, agent, turn % 2 === 0 ? list : call);
      if (problem === undefined) seen.served++;
      // Only of a call nobody knows whether it ran, and each such end breaks one at most.
      else if (turn % 2 === 1 && problem.includes(brokenWords) && seen.broken < endedUnsaid()) seen.broken++;
      else problems.push(problem);
      seen.slowestMs = Math.max(seen.slowestMs, performance.now() - startedMs);
      await pause(everyMs);
    }
  };
  const running = run();
  return {
    served: () => seen.served,
    broken: () => seen.broken,
    problems,
    slowestMs: () => seen.slowestMs,
    stop: async () => {
      seen.isStopped = true;
      await running;
      agent.destroy();
    },
  };
}

/** What is asked, and what a right answer holds. */
interface Question {
  readonly body: string;
  readonly answer: string;
}

const call: Question = { body: callOf("echo", "probe"), answer: '"done"' };
const list: Question = { body: '{"jsonrpc":"2.0","id":"probe","method":"tools/list"}', answer: '"inputSchema"' };

/** What a caller is told whose call was on its way when the server ended the connection. */
export const brokenWords = "server ended its connection before it answered";

/** Asks once; resolves to what was wrong with the answer, or to undefined. */
function ask(port: number, agent: Agent, { body, answer: expected }: Question): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const headers = { "content-type": "application/json", "content-length": body.length };
  const sent = request({ port, host: "127.0.0.1", path: "/mcp", method: "POST", agent, headers }, (answer) => {
    let text = "";
    answer.setEncoding("utf8");
    answer.on("data", (chunk: string) => (text += chunk));
    answer.on("error", (error) => resolve(error.message));
    answer.on("end", () => {
      const isRight = answer.statusCode === 200 && text.includes(expected);
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
