/** What the webhook makes of a stdio server's pod, run: installer, sidecar and app in their order, and a real MCP client. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { env, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";
import { shimPaths } from "@outrigger/api/shim";
import { connectLegacy, textOf } from "../fixtures/mcp-clients.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { buildShim } from "../shim/build.ts";
import { askPod, chooseConfig, endWithTest, injectPod, podIp, startSidecar, type InjectedPod } from "./webhook-pod.ts";

const everything = fileURLToPath(
  new URL("../../node_modules/@modelcontextprotocol/server-everything/dist/index.js", import.meta.url),
);
const patience = { timeout: 30_000, interval: 50 };

/** The pod's volumes as folders of this machine. */
function mountVolumes(): (path: string) => string {
  const folder = makeTestFolder("stdio-pod");
  const volumes = [shimPaths.shimFolder, shimPaths.runFolder];
  for (const volume of volumes) {
    mkdirSync(join(folder, volume));
    // As an emptyDir: every user may write.
    chmodSync(join(folder, volume), 0o777);
  }
  return (path) => (volumes.some((volume) => path.startsWith(volume)) ? join(folder, path) : path);
}

/** Runs the installer to its end and starts the app's container. */
function startApp(pod: InjectedPod, mounts: (path: string) => string): ChildProcess {
  const [, ...installArgs] = pod.spec.initContainers[1]?.command ?? [];
  expect(spawnSync(buildShim(), installArgs.map(mounts), { encoding: "utf8" })).toMatchObject({
    status: 0,
    stderr: "",
  });
  const [app] = pod.spec.containers;
  const [shim = "", ...args] = [...(app?.command ?? []), ...(app?.args ?? [])].map(mounts);
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
