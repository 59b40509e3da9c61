/** What the webhook makes of a stdio server's pod, run: installer, sidecar and app in their order, and a real MCP client. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { env, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";
import { shimPaths } from "@outrigger/api/shim";
import { connectLegacy, textOf } from "../fixtures/mcp-clients.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { buildShim } from "../shim/build.ts";
import { askPod, chooseConfig, endWithTest, injectPod, podIp, startSidecar } from "./webhook-pod.ts";

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
  const [, ...installArgs] = installer?.command ?? [];
  expect(spawnSync(buildShim(), installArgs.map(mounts), { encoding: "utf8" })).toMatchObject({
    status: 0,
    stderr: "",
  });
  const [shim = "", ...args] = [...(app.command ?? []), ...(app.args ?? [])].map(mounts);
  endWithTest(spawn(shim, args, { env: { PATH: env["PATH"] }, stdio: "ignore" }));
  await vi.waitFor(async () => expect(await isReady()).toBe(200), patience);
  const client = await connectLegacy(`http://${podIp}:${config.ports.data}/mcp`);
  expect(textOf(await client.callTool({ name: "echo", arguments: { message: "hello" } }))).toContain("hello");
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).not.toContain("get-sum");
  await expect(client.callTool({ name: "get-sum", arguments: { a: 1, b: 2 } })).rejects.toThrow();
  await client.close();
}, 60_000);
