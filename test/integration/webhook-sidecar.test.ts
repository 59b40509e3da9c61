/**
 * What the webhook puts into a pod, run: the injected container's variables are resolved and its policy volume is filled as a
 * kubelet does, and both are given to the real sidecar, beside a server on loopback. 127.0.0.2 stands for the pod's address:
 * Linux binds it beside 127.0.0.1.
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { execPath } from "node:process";
import { describe, expect, it, onTestFinished } from "vitest";
import { bundleType } from "@outrigger/api/bundle";
import { generateKeyPair, signCompact } from "@outrigger/runtime/jws";
import type { InjectionConfig } from "@outrigger/webhook/inject";
import {
  askPod,
  chooseConfig,
  injectPod,
  podIp,
  sidecarProgram,
  startSidecar,
  type InjectedPod,
  type Variable,
} from "./webhook-pod.ts";

/** A server of MCP that counts what reaches it, and is ready until told otherwise. Listens on loopback alone. */
async function startApp(): Promise<{
  readonly port: number;
  readonly bodies: string[];
  readonly state: { isReady: boolean };
}> {
  const bodies: string[] = [];
  const state = { isReady: true };
  const server = createServer((request, response) => {
    if (request.url === "/ready") {
      response.writeHead(state.isReady ? 200 : 500).end();
      return;
    }
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      bodies.push(body);
      const answer = { jsonrpc: "2.0", id: 1, result: { content: [{ type: "text", text: "done" }], tools: [] } };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
  });
  const port = await listen(server);
  onTestFinished(() => closeServer(server));
  return { port, bodies, state };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A TCP server's address.
  return (server.address() as AddressInfo).port;
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}

function inject(appPort: number, annotations: object, config: InjectionConfig): InjectedPod {
  const readinessProbe = { httpGet: { path: "/ready", port: "http" }, timeoutSeconds: 2 };
  const container = { ports: [{ name: "http", containerPort: appPort }], readinessProbe };
  return injectPod({ container, annotations, config });
}

async function callTool(port: number, name: string): Promise<string> {
  const response = await fetch(`http://${podIp}:${port}/mcp`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: {} } }),
  });
  return response.text();
}

const annotations = { "outrigger.dev/deny-tools": "delete_*" };

describe("an injected sidecar", () => {
  it("has the server's own port on the pod's address in port mode loopback, and enforces the annotations there", async () => {
    const app = await startApp();
    const config = await chooseConfig();
    await startSidecar(inject(app.port, { ...annotations, "outrigger.dev/port-mode": "loopback" }, config));
    expect(await callTool(app.port, "read_file")).toContain("done");
    expect(await callTool(app.port, "delete_file")).not.toContain("done");
    expect(app.bodies.filter((body) => body.includes("read_file"))).toHaveLength(1);
    expect(app.bodies.filter((body) => body.includes("delete_file"))).toEqual([]);
  });

  it("answers the server's own probe in its place, as the server answers it", async () => {
    const app = await startApp();
    const pod = inject(app.port, { "outrigger.dev/port-mode": "loopback" }, await chooseConfig());
    const { path, port } = pod.spec.containers[0]!.readinessProbe.httpGet;
    await startSidecar(pod);
    expect(path).toBe("/app-health/app/readyz");
    expect(await askPod(port, path)).toBe(200);
    app.state.isReady = false;
    expect(await askPod(port, path)).toBeGreaterThanOrEqual(500);
    expect(await askPod(port, "/app-health/other/readyz")).toBe(404);
  });

  it("has a port of its own in port mode sidecar-port, with the same enforcement", async () => {
    const app = await startApp();
    const config = await chooseConfig();
    await startSidecar(inject(app.port, annotations, config));
    expect(await callTool(config.ports.data, "read_file")).toContain("done");
    expect(await callTool(config.ports.data, "delete_file")).not.toContain("done");
    expect(app.bodies.some((body) => body.includes("delete_file"))).toBe(false);
  });

  it("knows every variable that the webhook sets, and gets it resolved", async () => {
    const app = await startApp();
    const settings = {
      ...annotations,
      "outrigger.dev/hosts": "mcp.example.com",
      "outrigger.dev/port-mode": "loopback",
    };
    const { env, errors } = await startSidecar(inject(app.port, settings, await chooseConfig()));
    expect(env).toMatchObject({
      OUTRIGGER_SERVER: "search",
      OUTRIGGER_LISTEN: `pod:${app.port}`,
      OUTRIGGER_UPSTREAM: `http://localhost:${app.port}/mcp`,
      OUTRIGGER_HOSTS: "search,search.tools,search.tools.svc,search.tools.svc.cluster.local,mcp.example.com",
      OUTRIGGER_POD_IPS: podIp,
    });
    expect(errors()).toBe("");
    const help = spawnSync(execPath, ["--conditions=outrigger-source", sidecarProgram, "--help"], {
      encoding: "utf8",
    }).stdout;
    const own = Object.keys(env).filter((name) => name.startsWith("OUTRIGGER_"));
    expect(own.filter((name) => !help.includes(`[${name}]`))).toEqual([]);
    expect(own.length).toBeGreaterThan(10);
  });

  it("enforces the signed policy of its namespace from its first second, and nothing passes without one", async () => {
    const app = await startApp();
    const { publicJwk, privateJwk } = await generateKeyPair();
    const layers = [{ tools: { deny: ["delete_*"] } }];
    const payload = { format: 1, audience: { namespace: "tools" }, version: Date.now(), layers };
    const trustKeys = JSON.stringify({ keys: [publicJwk] });
    const bundle = await signCompact(JSON.stringify(payload), privateJwk, bundleType);
    const container = { ports: [{ containerPort: app.port }] };
    const signed = await chooseConfig();
    await startSidecar(injectPod({ container, config: signed, installation: { trustKeys, bundle } }));
    expect(await callTool(signed.ports.data, "read_file")).toContain("done");
    expect(await callTool(signed.ports.data, "delete_file")).not.toContain("done");
    const pending = await chooseConfig();
    await startSidecar(injectPod({ container, config: pending, installation: { trustKeys } }));
    expect(await callTool(pending.ports.data, "read_file")).not.toContain("done");
    expect(app.bodies.filter((body) => body.includes("tools/call"))).toHaveLength(1);
  });

  it("F-220 carries its signed policy and verifies it, without a token and without a connection but to its server", async () => {
    const app = await startApp();
    const [own, other] = [await generateKeyPair(), await generateKeyPair()];
    const payload = {
      format: 1,
      audience: { namespace: "tools" },
      version: Date.now(),
      layers: [{ tools: { deny: ["delete_*"] } }],
    };
    const trustKeys = JSON.stringify({ keys: [own.publicJwk] });
    const container = { ports: [{ containerPort: app.port }] };
    const [genuine, forged] = await Promise.all(
      [own, other].map(({ privateJwk }) => signCompact(JSON.stringify(payload), privateJwk, bundleType)),
    );
    const run = async (bundle = ""): Promise<{ port: number; connected: () => readonly string[] }> => {
      const config = await chooseConfig();
      const pod = injectPod({ container, config, installation: { trustKeys, bundle } });
      expect(pod.metadata.annotations["outrigger.dev/policy"]).toBe(bundle);
      // Where the kubelet would have put a token there is an empty folder.
      expect(pod.spec.volumes.find(({ name }) => name === "outrigger-no-token")).toMatchObject({ emptyDir: {} });
      expect(pod.spec.initContainers[0]?.volumeMounts).toContainEqual(
        expect.objectContaining({
          name: "outrigger-no-token",
          mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
        }),
      );
      const { output } = await startSidecar(recordingConnections(pod));
      return { port: config.ports.data, connected: () => readConnections(output()) };
    };
    const verified = await run(genuine);
    expect(await callTool(verified.port, "read_file")).toContain("done");
    expect(await callTool(verified.port, "delete_file")).not.toContain("done");
    const refused = await run(forged);
    expect(await callTool(refused.port, "read_file")).not.toContain("done");
    expect(app.bodies.filter((body) => body.includes("tools/call"))).toHaveLength(1);
    expect(new Set(verified.connected())).toEqual(new Set([`127.0.0.1:${app.port}`]));
    expect(refused.connected().filter((address) => address !== `127.0.0.1:${app.port}`)).toEqual([]);
  });
});

const recorder = new URL("../fixtures/record-connections.ts", import.meta.url).href;

/** The pod with a sidecar that tells of every connection that it opens and every name that it looks up. */
function recordingConnections(pod: InjectedPod): InjectedPod {
  const record = (variable: Variable): Variable =>
    variable.name === "NODE_OPTIONS"
      ? { ...variable, value: `${variable.value ?? ""} --import=${recorder}` }
      : variable;
  const initContainers = pod.spec.initContainers.map((each) => ({ ...each, env: each.env.map(record) }));
  return { ...pod, spec: { ...pod.spec, initContainers } };
}

function readConnections(output: string): string[] {
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { msg?: string; address?: string; host?: string })
    .flatMap(({ msg, address, host }) =>
      msg === "connected" ? (address ?? []) : msg === "looked up" ? (host ?? []) : [],
    );
}
