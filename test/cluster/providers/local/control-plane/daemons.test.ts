/** Flags of the cluster's programs that a setting decides. */
import { describe, expect, it } from "vitest";
import type { Binaries } from "../binaries/binaries.ts";
import type { ConfigFiles } from "../node/config-files.ts";
import { kubelet } from "../node/node-daemons.ts";
import type { Pki } from "../pki/pki.ts";
import { readLocalSettings } from "../settings.ts";
import { apiServer, controllerManager, scheduler } from "./daemons.ts";

const pair = { certificate: "/pki/x.crt", key: "/pki/x.key" };
const pki: Pki = {
  authority: pair,
  apiServer: pair,
  frontProxy: pair,
  admin: pair,
  node: pair,
  serviceAccounts: pair,
  adminKubeconfig: "/admin",
  controllersKubeconfig: "/controllers",
  schedulerKubeconfig: "/scheduler",
  nodeKubeconfig: "/node",
  proxyKubeconfig: "/proxy",
};
const binaries: Binaries = { folder: "/bin", kubeAll: "/bin/kube-all", pause: "/bin/pause" };
const files: ConfigFiles = { containerd: "/c", kubelet: "/k", proxy: "/p" };

/** The flags for feature gates of all programs that have such. */
function gateFlags(env: Readonly<Record<string, string>>): readonly string[] {
  const settings = readLocalSettings(env);
  const programs = [
    apiServer(settings, binaries, pki),
    controllerManager(settings, binaries, pki),
    scheduler(settings, binaries, pki),
    kubelet(settings, binaries, { files, pki }),
  ];
  return programs.flatMap(({ command }) => command.filter((word) => word.startsWith("--feature-gates")));
}

describe("the cluster's programs", () => {
  it("all get the feature gates of the setting", () => {
    const gates = "PodLevelResources=false,ImageVolume=true";
    const flag = `--feature-gates=${gates}`;
    expect(gateFlags({ OUTRIGGER_CLUSTER_FEATURE_GATES: gates })).toEqual([flag, flag, flag, flag]);
  });

  it("get none where none are set", () => {
    expect(gateFlags({})).toEqual([]);
  });
});
