/**
 * What somebody elsewhere in the network gets from a pod: run inside a network namespace, asked by one line of JSON on its input, answers by
 * one on its output. `call`: a tool by a client of the SDK, its text or its error. `dial`: addresses `host port`, open or not.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { connectLegacy, textOf } from "../fixtures/mcp-clients.ts";

/** One question. */
export type Question =
  | { readonly call: { readonly url: string; readonly tool: string; readonly args: Record<string, unknown> } }
  | { readonly dial: { readonly host: string; readonly port: number } };

/** Nothing answers a connection that a policy drops, so this much time says that it is shut. */
const dialMs = 1_000;

async function call({ url, tool, args }: Extract<Question, { call: object }>["call"]): Promise<string> {
  const client = await connectLegacy(url);
  try {
    return textOf(await client.callTool({ name: tool, arguments: args }));
  } finally {
    await client.close();
  }
}

async function dial({ host, port }: Extract<Question, { dial: object }>["dial"]): Promise<string> {
  const socket = connect({ host, port });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(dialMs) });
    return "open";
  } catch {
    return "shut";
  } finally {
    socket.destroy();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  // Written by the test that started this program.
  const question = JSON.parse(line) as Question;
  const answer = "call" in question ? call(question.call) : dial(question.dial);
  const text = await answer.catch(
    (error: unknown) => `error: ${error instanceof Error ? error.message : String(error)}`,
  );
  process.stdout.write(`${JSON.stringify(text)}\n`);
}
