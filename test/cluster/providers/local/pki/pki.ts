/** Who takes part in the cluster: one certificate per part, and a kubeconfig for each that asks the API server. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { nodeName, type LocalSettings } from "../settings.ts";
import { createClusterAuthority, issue, type Holder, type Pair } from "./certificate.ts";
import { toKubeconfig } from "./kubeconfig.ts";

/** Paths of a certificate and its key. */
export interface PairFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Paths of everything that {@link createPki} wrote. */
export interface Pki {
  readonly authority: PairFiles;
  readonly apiServer: PairFiles;
  readonly frontProxy: PairFiles;
  readonly admin: PairFiles;
  readonly node: PairFiles;
  /** Key pair that signs tokens of ServiceAccounts; `certificate` is its bare public key. */
  readonly serviceAccounts: PairFiles;
  readonly adminKubeconfig: string;
  readonly controllersKubeconfig: string;
  readonly schedulerKubeconfig: string;
  readonly nodeKubeconfig: string;
  readonly proxyKubeconfig: string;
}

/** Makes all keys, certificates and kubeconfigs in the state folder, which only root may read. */
export async function createPki(settings: LocalSettings): Promise<Pki> {
  const folder = join(settings.stateFolder, "pki");
  await mkdir(folder, { recursive: true });
  const authority = await createClusterAuthority();
  const add = async (name: string, holder: Holder): Promise<Issued> => {
    const pair = await issue(authority, holder);
    return { name, pair, files: await writePair(folder, name, pair) };
  };
  const configure = async (file: string, { name, pair }: Issued): Promise<string> => {
    await writeFile(file, toKubeconfig({ name, server: `https://${settings.nodeIp}:6443`, authority, pair }), {
      mode: 0o600,
    });
    return file;
  };
  const inFolder = (name: string): string => join(folder, `${name}.kubeconfig`);
  const [apiServer, frontProxy, admin, node] = await Promise.all([
    add("apiserver", apiServerHolder(settings)),
    add("front-proxy", { commonName: "front-proxy" }),
    add("admin", { commonName: "admin", organization: "system:masters" }),
    add(nodeName, nodeHolder(settings)),
  ]);
  const [controllers, scheduler, proxy] = await Promise.all([
    add("controller-manager", { commonName: "system:kube-controller-manager", organization: "system:masters" }),
    add("scheduler", { commonName: "system:kube-scheduler" }),
    add("proxy", { commonName: "system:kube-proxy" }),
  ]);
  return {
    authority: await writePair(folder, "ca", authority),
    apiServer: apiServer.files,
    frontProxy: frontProxy.files,
    admin: admin.files,
    node: node.files,
    serviceAccounts: await writeTokenKeys(folder),
    adminKubeconfig: await configure(settings.kubeconfig, admin),
    controllersKubeconfig: await configure(inFolder("controller-manager"), controllers),
    schedulerKubeconfig: await configure(inFolder("scheduler"), scheduler),
    nodeKubeconfig: await configure(inFolder(nodeName), node),
    proxyKubeconfig: await configure(inFolder("proxy"), proxy),
  };
}

interface Issued {
  readonly name: string;
  readonly pair: Pair;
  readonly files: PairFiles;
}

function apiServerHolder(settings: LocalSettings): Holder {
  const names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];
  return {
    commonName: "kube-apiserver",
    dnsNames: [...names, "localhost"],
    ips: [settings.apiServiceIp, settings.nodeIp, "127.0.0.1"],
  };
}

function nodeHolder(settings: LocalSettings): Holder {
  return {
    commonName: `system:node:${nodeName}`,
    organization: "system:nodes",
    dnsNames: [nodeName],
    ips: [settings.nodeIp],
  };
}

async function writePair(folder: string, name: string, pair: Pair): Promise<PairFiles> {
  const files = { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  await writeFile(files.certificate, pair.certificatePem);
  await writeFile(files.key, toPem(pair.key), { mode: 0o600 });
  return files;
}

async function writeTokenKeys(folder: string): Promise<PairFiles> {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const files = { certificate: join(folder, "sa.pub"), key: join(folder, "sa.key") };
  await writeFile(files.certificate, publicKey.export({ type: "spki", format: "pem" }));
  await writeFile(files.key, toPem(privateKey), { mode: 0o600 });
  return files;
}

function toPem(key: KeyObject): string | Buffer {
  return key.export({ type: "pkcs8", format: "pem" });
}
