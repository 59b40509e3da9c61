/** A server that ends connections without having said so: lists are answered all the same, and no call runs twice. */
import { Agent, request } from "node:http";
import { callOf } from "../generators/request.ts";
import type { Stage } from "../stage.ts";
import type { Scenario, ScenarioOutcome } from "./scenario.ts";

const clients = 32;
const asksOfEach = 60;
const list = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';

async function endConnections({ door, check }: Stage): Promise<ScenarioOutcome> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const seen = { answered: 0, broken: 0 };
  const problems: string[] = [];
  const work = async (client: number): Promise<void> => {
    for (let turn = 0; turn < asksOfEach; turn++) {
      const isCall = turn % 2 === 1;
      const headers = { "x-end": "1", ...(isCall ? { "x-run": `${client}-${turn}` } : {}) };
      const status = await ask(door.port, agent, { headers, body: isCall ? callOf("echo") : list });
      if (status === 200) seen.answered++;
      else if (isCall && status === 502) seen.broken++;
      else problems.push(`a ${isCall ? "call" : "list"} was answered with ${status}`);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => work(client)));
  agent.destroy();
  const summary = `${seen.answered.toLocaleString("en")} requests answered by a server that ends each connection, ${seen.broken} calls broken`;
  const problem = problems[0] ?? check();
  return problem === undefined ? { summary } : { summary, problem };
}

/** Posts once; resolves to the status, or to what was wrong with the connection. */
function ask(
  port: number,
  agent: Agent,
  { headers, body }: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
): Promise<number | string> {
  const { promise, resolve } = Promise.withResolvers<number | string>();
  const all = { "content-type": "application/json", "content-length": body.length, ...headers };
  const options = { port, host: "127.0.0.1", path: "/mcp", method: "POST", agent, headers: all };
  const sent = request(options, (answer) => void answer.resume().on("end", () => resolve(answer.statusCode ?? 0)));
  sent.on("error", (error) => resolve(error.message)).end(body);
  return promise;
}

export const unsaidEnds: readonly Scenario[] = [{ name: "connections that end unsaid", run: endConnections }];
