/**
 * A kubelet's part for an injected pod: variables resolved, the policy volume filled, the sidecar run. 127.0.0.2 stands for the
 * pod's address: Linux binds it beside 127.0.0.1.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { env as ownEnv, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import jsonPatch, { type Operation } from "fast-json-patch";
import { expect, onTestFinished, vi } from "vitest";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { admit, defaultConfig, type InjectionConfig, type InstallationState } from "@outrigger/webhook/inject";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";

/** The pod's address. */
export const podIp = "127.0.0.2";

/** The sidecar's program. */
export const sidecarProgram = fileURLToPath(new URL("../../sidecar/src/main.ts", import.meta.url));

const startWithinMs = 20_000;

/** A variable of a container. */
export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } };
}

/** The parts of an injected pod that tests look at. */
export interface InjectedPod {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly spec: {
    readonly volumes: readonly {
      readonly name: string;
      readonly downwardAPI?: {
        readonly items: readonly { readonly path: string; readonly fieldRef: { readonly fieldPath: string } }[];
      };
    }[];
    readonly initContainers: readonly {
      readonly name: string;
      readonly command?: readonly string[];
      readonly env: readonly Variable[];
      readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
      readonly lifecycle?: { readonly postStart: { readonly exec: { readonly command: readonly string[] } } };
      /** Before 0.3 there was no hook. */
      readonly startupProbe?: { readonly httpGet: { readonly path: string; readonly port: number } };
    }[];
    readonly containers: readonly {
      readonly command?: readonly string[];
      readonly args?: readonly string[];
      readonly startupProbe?: { readonly httpGet: { readonly path: string; readonly port: number } };
      readonly readinessProbe: { readonly httpGet: { readonly path: string; readonly port: number } };
      readonly livenessProbe?: { readonly httpGet: { readonly path: string; readonly port: number } };
    }[];
  };
}

/** What is injected, and how. */
export interface PodToInject {
  /** Fields of the app's container. */
  readonly container: object;
  readonly annotations?: object;
  readonly config: InjectionConfig;
  readonly installation?: InstallationState;
}

/** A pod of server `search` in namespace `tools` as the webhook makes it. */
export function injectPod({ container, annotations = {}, config, installation = {} }: PodToInject): InjectedPod {
  const pod = {
    metadata: { name: "search", labels: { "outrigger.dev/inject": "enabled" }, annotations },
    spec: { containers: [{ name: "app", image: "x", ...container }] },
  };
  const kind = { group: "", version: "v1", kind: "Pod" };
  const place = { scope: "pod", operation: "CREATE", subResource: "", namespace: "tools", userGroups: [] } as const;
  const around = { namespace: { labels: {}, annotations: {} }, installation };
  const admission = admit({ ...place, kind, pod }, around, config);
  if (admission.action !== "inject") throw new Error(JSON.stringify(admission));
  return applyInjection(pod, admission.patch);
}

/** The pod with the patch that a webhook answered for it. */
export function applyInjection(pod: object, patch: unknown): InjectedPod {
  // The patch was made for this pod, so what comes out has the shape that injection gives it.
  return jsonPatch.applyPatch<unknown>(pod, patch as Operation[]).newDocument as InjectedPod;
}

/** A configuration with ports that are free. */
export async function chooseConfig(): Promise<InjectionConfig> {
  const [data, control, admin] = [await findFreePort(podIp), await findFreePort(podIp), await findFreePort(podIp)];
  return { ...defaultConfig, ports: { ...defaultConfig.ports, data, control, admin } };
}

/** Resolves variables in their order: fields first, `$(NAME)` by those listed before, `$$` to one dollar. */
export function resolveEnv(
  variables: readonly Variable[],
  podIps: readonly string[] = [podIp],
): Record<string, string> {
  const fields: Readonly<Record<string, string>> = { "metadata.namespace": "tools", "status.podIPs": podIps.join() };
  const env: Record<string, string> = {};
  for (const { name, value, valueFrom } of variables) {
    const text = value ?? fields[valueFrom?.fieldRef.fieldPath ?? ""] ?? "";
    env[name] = text.replace(/\$\$|\$\(([A-Z_]+)\)/g, (match, key: string | undefined) =>
      key === undefined ? "$" : (env[key] ?? match),
    );
  }
  return env;
}

/** Fills a folder with the volume of the pod's annotations; one that is absent is an empty file. */
function mountPodInfo({ metadata, spec }: InjectedPod): string {
  const folder = makeTestFolder("pod-info");
  const items = spec.volumes.find(({ name }) => name === "outrigger-config")?.downwardAPI?.items ?? [];
  for (const { path, fieldRef } of items) {
    const key = /^metadata\.annotations\['(.+)'\]$/.exec(fieldRef.fieldPath)?.[1] ?? "";
    writeFileSync(join(folder, path), metadata.annotations[key] ?? "");
  }
  return folder;
}

/** A sidecar that has started. */
export interface RunningSidecar {
  readonly env: Readonly<Record<string, string>>;
  readonly child: ChildProcess;
  readonly errors: () => string;
  /** Its standard output so far. */
  readonly output: () => string;
}

/** Where a sidecar runs other than beside the test, and which. */
export interface SidecarPlace {
  readonly program?: string;
  /** Addresses of the pod. */
  readonly podIps?: readonly string[];
  /** Put before every command: what brings it into the pod's network. */
  readonly inside?: readonly string[];
}

/** Runs the sidecar of a pod until the test is over. `mounts` gives the real place of a path in the container. */
export async function startSidecar(
  pod: InjectedPod,
  mounts: (path: string) => string = (path) => path,
  { program = sidecarProgram, podIps, inside = [] }: SidecarPlace = {},
): Promise<RunningSidecar> {
  const [container] = pod.spec.initContainers;
  if (container === undefined) throw new Error("the pod has no sidecar");
  const resolved = resolveEnv(container.env, podIps);
  expect(resolved["OUTRIGGER_POD_INFO"]).toBe("/etc/outrigger/pod");
  const mapped = Object.fromEntries(Object.entries(resolved).map(([name, value]) => [name, mounts(value)]));
  const env = { ...mapped, OUTRIGGER_POD_INFO: mountPodInfo(pod) };
  const [file, ...args] = [...inside, execPath, "--conditions=outrigger-source", program];
  const child: ChildProcess = spawn(file, args, {
    env: { PATH: ownEnv["PATH"], NODE_COMPILE_CACHE: ownEnv["NODE_COMPILE_CACHE"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  let stdout = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  endWithTest(child);
  const ended = once(child, "close").then(() => Promise.reject(new Error("it ended")));
  await Promise.race([waitStarted(container, env, inside), ended]).catch((error: unknown) => {
    throw new Error(`the sidecar did not start: ${stderr}`, { cause: error });
  });
  // From here on its end is what a test looks for, or its own.
  ended.catch(() => undefined);
  return { env, errors: () => stderr, output: () => stdout, child };
}

/** Waits as the kubelet does before it starts the next container: by the hook, or by the probe of older webhooks. */
async function waitStarted(
  { lifecycle, startupProbe }: InjectedPod["spec"]["initContainers"][number],
  env: Readonly<Record<string, string>>,
  inside: readonly string[],
): Promise<void> {
  if (lifecycle !== undefined) {
    const [node, ...hook] = lifecycle.postStart.exec.command;
    expect(node).toBe("/usr/local/bin/node");
    const [file = "", ...args] = [...inside, execPath, ...hook];
    await promisify(execFile)(file, args, { env, timeout: startWithinMs });
    return;
  }
  const { path, port } = startupProbe?.httpGet ?? expect.fail("nothing holds back the containers after the sidecar");
  await vi.waitFor(async () => expect(await askPod(port, path)).toBe(200), { timeout: startWithinMs, interval: 50 });
}

/** Ends a process when the test is over. */
export function endWithTest(child: ChildProcess): void {
  const ended = once(child, "close");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
}

/** Asks as the kubelet does: the pod's address, status only. */
export async function askPod(port: number, path: string): Promise<number> {
  const response = await fetch(`http://${podIp}:${port}${path}`);
  await response.arrayBuffer();
  return response.status;
}
