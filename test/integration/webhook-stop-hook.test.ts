/**
 * The hook that the webhook plans, asked as a kubelet asks it before it sends SIGTERM, with the real sidecar before a real server that
 * exits the moment it is told to.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { env as ownEnv, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { Agent, request } from "undici";
import { waitFor } from "../fixtures/wait-for.ts";
import { askPod, chooseConfig, endWithTest, injectPod, podIp, startSidecar } from "./webhook-pod.ts";

const serverProgram = fileURLToPath(new URL("../cluster/product/app/exits-at-once.ts", import.meta.url));

interface Hook {
  readonly path: string;
  readonly port: number;
}

/** The hook of an injected pod's server. */
function hookOf(container: object | undefined): Hook {
  // What injection gives a container without a hook of its own.
  const { lifecycle } = container as { lifecycle: { preStop: { httpGet: Hook } } };
  return lifecycle.preStop.httpGet;
}

async function startServer(port: number): Promise<ChildProcess> {
  const child = spawn(execPath, [serverProgram], {
    env: { PATH: ownEnv["PATH"], PORT: String(port) },
    stdio: "ignore",
  });
  endWithTest(child);
  const knock = (): Promise<boolean> => fetch(`http://127.0.0.1:${port}/`, { method: "DELETE" }).then(() => true);
  await waitFor("the server to listen", knock);
  return child;
}

/** A client that keeps its connections. */
function createClient(dataPort: number) {
  const dispatcher = new Agent({ keepAliveTimeout: 60_000 });
  onTestFinished(() => dispatcher.destroy());
  let connections = 0;
  let open = 0;
  dispatcher.on("connect", () => {
    connections++;
    open++;
  });
  dispatcher.on("disconnect", () => {
    open--;
  });
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "slow", arguments: {} } });
  return {
    connections: () => connections,
    open: () => open,
    /** Calls once; gives what the answer says of its connection. */
    call: async (): Promise<unknown> => {
      const {
        statusCode,
        headers,
        body: answer,
      } = await request(`http://${podIp}:${dataPort}/mcp`, {
        dispatcher,
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
        body,
      });
      expect([statusCode, await answer.text()]).toEqual([200, expect.stringContaining('"done"')]);
      return headers["connection"];
    },
  };
}

it("a server that exits at once on SIGTERM has answered its calls before it gets the signal, and serves as before when it is started again", async () => {
  const config = await chooseConfig();
  const appPort = (await chooseConfig()).ports.data;
  const pod = injectPod({ container: { ports: [{ containerPort: appPort }] }, config });
  const hook = hookOf(pod.spec.containers[0]);
  const server = await startServer(appPort);
  await startSidecar(pod);
  const client = createClient(config.ports.data);

  // Four that call without a pause until they are asked to take another connection, as a Service would give it, and one that rests.
  const callOn = async (): Promise<void> => {
    while ((await client.call()) !== "close");
  };
  const resting = createClient(config.ports.data);
  await resting.call();
  const rows = [callOn(), callOn(), callOn(), callOn()];
  await waitFor("the rows to call", () => client.connections() === 4);
  expect(await askPod(hook.port, hook.path)).toBe(200);
  const exited = once(server, "exit");
  server.kill("SIGTERM");
  await Promise.all([...rows, exited]);
  await waitFor("the resting client's connection to be ended", () => resting.open() === 0);

  await startServer(appPort);
  expect(await client.call()).toBe("keep-alive");
});
