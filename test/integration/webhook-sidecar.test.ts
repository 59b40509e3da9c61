/**
 * What the webhook puts into a pod, run: the injected container's variables are resolved as a kubelet does and given to the
 * real sidecar, beside a server on loopback. 127.0.0.2 stands for the pod's address: Linux binds it beside 127.0.0.1.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { env as ownEnv, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import jsonPatch, { type Operation } from "fast-json-patch";
import { afterEach, describe, expect, it, vi } from "vitest";
import { admit, defaultConfig, type InjectionConfig } from "@outrigger/webhook/inject";

const podIp = "127.0.0.2";
const program = fileURLToPath(new URL("../../sidecar/src/main.ts", import.meta.url));

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } };
}

/** The parts of an injected pod that this test looks at. */
interface InjectedPod {
  readonly spec: {
    readonly initContainers: readonly {
      readonly env: readonly Variable[];
      readonly startupProbe: { readonly httpGet: { readonly path: string; readonly port: number } };
    }[];
    readonly containers: readonly {
      readonly readinessProbe: { readonly httpGet: { readonly path: string; readonly port: number } };
    }[];
  };
}

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

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
  closers.push(() => closeServer(server));
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

/** A port that nobody had a moment ago. */
async function findFreePort(): Promise<number> {
  const server = createTcpServer().listen(0, podIp);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function inject(appPort: number, annotations: object, config: InjectionConfig): InjectedPod {
  const probe = { httpGet: { path: "/ready", port: "http" }, timeoutSeconds: 2 };
  const pod = {
    metadata: { name: "search", labels: { "outrigger.dev/inject": "enabled" }, annotations },
    spec: {
      containers: [
        { name: "app", image: "x", ports: [{ name: "http", containerPort: appPort }], readinessProbe: probe },
      ],
    },
  };
  const kind = { group: "", version: "v1", kind: "Pod" };
  const request = {
    scope: "pod",
    operation: "CREATE",
    kind,
    subResource: "",
    namespace: "tools",
    userGroups: [],
    pod,
  } as const;
  const admission = admit(request, { labels: {}, annotations: {} }, config);
  if (admission.action !== "inject") throw new Error(JSON.stringify(admission));
  // The patch was made for this pod, so what comes out has the shape that injection gives it.
  return jsonPatch.applyPatch<unknown>(pod, admission.patch as Operation[]).newDocument as InjectedPod;
}

/** Resolves variables in their order: fields first, `$(NAME)` by those listed before, `$$` to one dollar. */
function resolveEnv(variables: readonly Variable[]): Record<string, string> {
  const fields: Readonly<Record<string, string>> = { "metadata.namespace": "tools", "status.podIPs": podIp };
  const env: Record<string, string> = {};
  for (const { name, value, valueFrom } of variables) {
    const text = value ?? fields[valueFrom?.fieldRef.fieldPath ?? ""] ?? "";
    env[name] = text.replace(/\$\$|\$\(([A-Z_]+)\)/g, (match, key: string | undefined) =>
      key === undefined ? "$" : (env[key] ?? match),
    );
  }
  return env;
}

async function startSidecar(
  pod: InjectedPod,
): Promise<{ readonly env: Record<string, string>; readonly errors: () => string }> {
  const env = resolveEnv(pod.spec.initContainers[0]?.env ?? []);
  const child: ChildProcess = spawn(execPath, ["--conditions=outrigger-source", program], {
    env: { PATH: ownEnv["PATH"], ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = once(child, "close");
  closers.push(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const { path, port } = pod.spec.initContainers[0]!.startupProbe.httpGet;
  const start = vi.waitFor(async () => expect(await get(port, path)).toBe(200), { timeout: 20_000, interval: 50 });
  await start.catch((error: unknown) => {
    throw new Error(`the sidecar did not start: ${stderr}`, { cause: error });
  });
  return { env, errors: () => stderr };
}

/** Asks as the kubelet does: the pod's address, status only. */
async function get(port: number, path: string): Promise<number> {
  const response = await fetch(`http://${podIp}:${port}${path}`);
  await response.arrayBuffer();
  return response.status;
}

async function callTool(port: number, name: string): Promise<string> {
  const response = await fetch(`http://${podIp}:${port}/mcp`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: {} } }),
  });
  return response.text();
}

async function chooseConfig(): Promise<InjectionConfig> {
  const [data, control, admin] = [await findFreePort(), await findFreePort(), await findFreePort()];
  return { ...defaultConfig, ports: { ...defaultConfig.ports, data, control, admin } };
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
    expect(await get(port, path)).toBe(200);
    app.state.isReady = false;
    expect(await get(port, path)).toBeGreaterThanOrEqual(500);
    expect(await get(port, "/app-health/other/readyz")).toBe(404);
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
      OUTRIGGER_UPSTREAM: `http://127.0.0.1:${app.port}/mcp`,
      OUTRIGGER_HOSTS: "search,search.tools,search.tools.svc,search.tools.svc.cluster.local,mcp.example.com",
      OUTRIGGER_POD_IPS: podIp,
    });
    expect(errors()).toBe("");
    const help = spawnSync(execPath, ["--conditions=outrigger-source", program, "--help"], { encoding: "utf8" }).stdout;
    const own = Object.keys(env).filter((name) => name.startsWith("OUTRIGGER_"));
    expect(own.filter((name) => !help.includes(`[${name}]`))).toEqual([]);
    expect(own.length).toBeGreaterThan(10);
  });
});
