/** What the webhook makes of a stdio server's pod, run: installer, sidecar and app in their order, and a real MCP client. */
import { spawn, type ChildProcess } from "node:child_process";
import { env, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";
import { connectLegacy, textOf } from "../fixtures/mcp-clients.ts";
import { installShim, mountVolumes } from "./stdio-volumes.ts";
import { askPod, chooseConfig, endWithTest, injectPod, podIp, startSidecar, type InjectedPod } from "./webhook-pod.ts";

const everything = fileURLToPath(
  new URL("../../node_modules/@modelcontextprotocol/server-everything/dist/index.js", import.meta.url),
);
const patience = { timeout: 30_000, interval: 50 };

/** Runs the installer to its end and starts the app's container. */
function startApp(pod: InjectedPod, mounts: (path: string) => string): ChildProcess {
  const [shim = "", ...args] = installShim(pod, mounts);
  const child = spawn(shim, args, { env: { PATH: env["PATH"] }, stdio: "ignore" });
  endWithTest(child);
  return child;
}

it("F-071 a stdio server behind the shim is called over HTTP, is ready once it can be, and what is denied never reaches it", async () => {
  const config = await chooseConfig();
  const annotations = { "outrigger.dev/transport": "stdio", "outrigger.dev/deny-tools": "get-sum" };
  const container = { command: [execPath], args: [everything, "stdio"] };
  const pod = injectPod({ container, annotations, config });
  const mounts = mountVolumes();
  const [sidecar, installer] = pod.spec.initContainers;
  const [app] = pod.spec.containers;
  if (app === undefined) throw new Error("the pod has no app");
  expect([sidecar?.name, installer?.name]).toEqual(["outrigger-sidecar", "outrigger-shim-install"]);
  await startSidecar(pod, mounts);
  const isReady = (): Promise<number> => askPod(app.readinessProbe.httpGet.port, app.readinessProbe.httpGet.path);
  expect(await isReady()).toBe(503);
  startApp(pod, mounts);
  await vi.waitFor(async () => expect(await isReady()).toBe(200), patience);
  const client = await connectLegacy(`http://${podIp}:${config.ports.data}/mcp`);
  expect(textOf(await client.callTool({ name: "echo", arguments: { message: "hello" } }))).toContain("hello");
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).not.toContain("get-sum");
  await expect(client.callTool({ name: "get-sum", arguments: { a: 1, b: 2 } })).rejects.toThrow();
  await client.close();
}, 60_000);

it("F-053 a stdio server with startup, readiness and liveness probes over the network passes them as they stand, and fails them once it is gone", async () => {
  const container = {
    command: [execPath],
    args: [everything, "stdio"],
    ports: [{ name: "http", containerPort: 8080 }],
    startupProbe: { tcpSocket: { port: 8080 } },
    readinessProbe: { httpGet: { path: "/healthz", port: "http" } },
    livenessProbe: { grpc: { port: 8080 }, periodSeconds: 5 },
  };
  const annotations = { "outrigger.dev/transport": "stdio" };
  const pod = injectPod({ container, annotations, config: await chooseConfig() });
  const mounts = mountVolumes();
  const [app] = pod.spec.containers;
  expect(app?.livenessProbe).toMatchObject({ periodSeconds: 5 });
  const ask = (): Promise<readonly number[]> =>
    Promise.all(
      [app?.startupProbe, app?.readinessProbe, app?.livenessProbe].map((probe) =>
        askPod(probe?.httpGet.port ?? 0, probe?.httpGet.path ?? ""),
      ),
    );
  await startSidecar(pod, mounts);
  // It has not started yet, which is no reason to start it anew.
  expect(await ask()).toEqual([503, 503, 200]);
  const server = startApp(pod, mounts);
  await vi.waitFor(async () => expect(await ask()).toEqual([200, 200, 200]), patience);
  server.kill("SIGKILL");
  await vi.waitFor(async () => expect(await ask()).toEqual([503, 503, 503]), { ...patience, timeout: 60_000 });
}, 120_000);
