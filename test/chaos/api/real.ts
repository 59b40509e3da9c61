/**
 * The real API server with its store, alone: no kubelet, no controllers, no root. Pods in it are objects that the run writes. Listens on
 * loopback, on ports that stay the same over restarts.
 */
import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { sendToCluster } from "../../cluster/ask-cluster.ts";
import { toFlags } from "../../cluster/providers/local/control-plane/daemons.ts";
import { createClusterAuthority, issue } from "../../cluster/providers/local/pki/certificate.ts";
import { toKubeconfig } from "../../cluster/providers/local/pki/kubeconfig.ts";
import { startProgram, type Program } from "../../fixtures/program.ts";
import { waitFor } from "../../fixtures/wait-for.ts";
import { describePod, describeStatus, podNamespace, type ApiServer, type PodFacts } from "./api-server.ts";

const readyMs = 120_000;
const podsPath = `/api/v1/namespaces/${podNamespace}/pods`;

/** Starts it. `kubeAll`: the binary that the local cluster is made of. */
export async function startRealApi(kubeAll: string): Promise<ApiServer> {
  const folder = await mkdtemp(join(tmpdir(), "outrigger-chaos-api-"));
  const places = await writePlaces(folder);
  const commands = buildCommands(kubeAll, places);
  let programs: readonly Program[] = [];
  const signal = (name: NodeJS.Signals): void => {
    for (const program of programs) if (program.isRunning()) process.kill(program.pid, name);
  };
  const kill = async (): Promise<void> => {
    signal("SIGKILL");
    await Promise.all(programs.map(({ ended }) => ended));
  };
  const send = (method: "POST" | "PATCH" | "DELETE", path: string, body?: object): Promise<string> =>
    sendToCluster(places.kubeconfig, { method, path, ...(body === undefined ? {} : { body }) });

  const start: ApiServer["start"] = async (store) => {
    if (store === "new") await rm(places.store, { recursive: true, force: true });
    programs = commands.map((command) => startProgram(command));
    const isReady = async (): Promise<boolean> => {
      const dead = programs.find((program) => !program.isRunning());
      if (dead !== undefined) throw new Error(`the API server has ended: ${dead.stderr()}`);
      await sendToCluster(places.kubeconfig, { path: "/readyz" });
      return true;
    };
    await waitFor("the API server", isReady, readyMs);
    // Of a kept store it is there already.
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: podNamespace } };
    if (store === "new") await send("POST", "/api/v1/namespaces", namespace);
  };
  const close = async (): Promise<void> => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await start("new");
  } catch (error) {
    await close();
    throw error;
  }
  return {
    flags: ["--kube", "kubeconfig"],
    env: { KUBECONFIG: places.kubeconfig },
    putPod: async (pod) => {
      await createPod(send, pod);
      await send("PATCH", `${podsPath}/${pod.name}/status`, { status: describeStatus(pod) });
    },
    removePod: async (name) => {
      await send("DELETE", `${podsPath}/${name}?gracePeriodSeconds=0`);
    },
    freeze: () => signal("SIGSTOP"),
    thaw: () => signal("SIGCONT"),
    ...{ kill, start, close },
  };
}

/** A container that is started again keeps its pod, but may have another port here. */
async function createPod(
  send: (method: "POST" | "PATCH", path: string, body: object) => Promise<string>,
  pod: PodFacts,
) {
  const object = describePod(pod);
  try {
    await send("POST", podsPath, object);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes(" answers 409:")) throw error;
    await send("PATCH", `${podsPath}/${pod.name}`, { metadata: { annotations: object.metadata.annotations } });
  }
}

interface Places {
  readonly kubeconfig: string;
  readonly store: string;
  readonly pki: string;
  readonly ports: { readonly api: number; readonly store: number; readonly storePeers: number };
}

async function writePlaces(folder: string): Promise<Places> {
  const pki = join(folder, "pki");
  await mkdir(pki);
  const ports = { api: await findFreePort(), store: await findFreePort(), storePeers: await findFreePort() };
  const authority = await createClusterAuthority();
  const [server, admin] = await Promise.all([
    issue(authority, { commonName: "kube-apiserver", ips: ["127.0.0.1"] }),
    issue(authority, { commonName: "admin", organization: "system:masters" }),
  ]);
  const tokens = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = (key: { export: typeof tokens.privateKey.export }): string | Buffer =>
    key.export({ type: "pkcs8", format: "pem" });
  const kubeconfig = join(folder, "kubeconfig");
  const files: readonly (readonly [string, string | Buffer])[] = [
    [join(pki, "ca.crt"), authority.certificatePem],
    [join(pki, "server.crt"), server.certificatePem],
    [join(pki, "server.key"), pem(server.key)],
    [join(pki, "tokens.key"), pem(tokens.privateKey)],
    [join(pki, "tokens.pub"), tokens.publicKey.export({ type: "spki", format: "pem" })],
    [kubeconfig, toKubeconfig({ name: "admin", server: `https://127.0.0.1:${ports.api}`, authority, pair: admin })],
  ];
  for (const [file, text] of files) await writeFile(file, text, { mode: 0o600 });
  return { kubeconfig, store: join(folder, "store"), pki, ports };
}

function buildCommands(kubeAll: string, { store, pki, ports }: Places): readonly (readonly string[])[] {
  const [clients, peers] = [`http://127.0.0.1:${ports.store}`, `http://127.0.0.1:${ports.storePeers}`];
  const etcd = {
    "data-dir": store,
    "log-level": "error",
    "listen-client-urls": clients,
    "advertise-client-urls": clients,
    "listen-peer-urls": peers,
    "initial-advertise-peer-urls": peers,
    "initial-cluster": `default=${peers}`,
  };
  const apiServer = {
    "etcd-servers": clients,
    "bind-address": "127.0.0.1",
    "secure-port": String(ports.api),
    "service-cluster-ip-range": "10.99.0.0/24",
    "tls-cert-file": join(pki, "server.crt"),
    "tls-private-key-file": join(pki, "server.key"),
    "client-ca-file": join(pki, "ca.crt"),
    "service-account-issuer": "https://kubernetes.default.svc",
    "service-account-key-file": join(pki, "tokens.pub"),
    "service-account-signing-key-file": join(pki, "tokens.key"),
    "authorization-mode": "RBAC",
    // Without controllers no namespace has the ServiceAccount that it would ask for.
    "disable-admission-plugins": "ServiceAccount",
    // Nobody dials it by a Service here, and its own address is one that a Service can't have.
    "endpoint-reconciler-type": "none",
  };
  return [
    [kubeAll, "etcd", "--unsafe-no-fsync", ...toFlags(etcd)],
    [kubeAll, "apiserver", ...toFlags(apiServer)],
  ];
}
