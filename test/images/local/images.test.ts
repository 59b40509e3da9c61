/** `npm run images` as a person runs it: with and without Docker, into a kind cluster, a Docker engine, and what else it can load into. */
import { spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { findGoProgram } from "../../charts/go-program.ts";
import { findObject, parseObjects, runHelm } from "../../charts/render.ts";
import { run } from "../../cluster/run.ts";
import { makeTestFolder, nameFileFolder } from "../../fixtures/temporary-folder.ts";
import { compilerImageName, nodeImageName } from "../build-images.ts";
import { readImage, removeImage } from "../engine-images.ts";
import { startKindCluster, type KindCluster } from "./kind-node.ts";
import { loadArchives } from "./make-images.ts";
import type { LoadTarget } from "./options.ts";

const root = new URL("../../..", import.meta.url).pathname;
/** What has an image: the product's programs. */
const programs = globSync("*/Dockerfile", { cwd: root }).map(dirname).toSorted();
const bases = [`NODE_IMAGE=${nodeImageName}`, `BUILD_IMAGE=${compilerImageName}`];

const makers = [
  { maker: "with Docker", flags: ["--docker", "--network", "host", ...bases.flatMap((arg) => ["--build-arg", arg])] },
  { maker: "without Docker", flags: ["--no-docker"] },
] as const;

/** Runs the script with programs of folders in front of all others. */
function runScript(args: readonly string[], ...folders: string[]): Promise<string> {
  const env = { PATH: [...folders, process.env["PATH"] ?? ""].join(delimiter) };
  return run(["node", "--conditions=outrigger-source", "test/images/main.ts", ...args], { cwd: root, env });
}

interface Listed {
  readonly program: string;
  readonly name: string;
  readonly file: string;
}

function readListed(report: string): readonly Listed[] {
  const found = report.matchAll(/^(?<name>localhost\/outrigger-(?<program>\w+):\w+) +[\d.]+ MB {2}(?<file>.+)$/gm);
  return [...found].map(({ groups = {} }) => groups as unknown as Listed);
}

/** The flags of the command that the script prints. */
function readFlags(report: string): readonly string[] {
  const [, command = ""] = report.split("\n\n");
  return [...command.matchAll(/ --set-string (\S+)/g)].flatMap(([, value = ""]) => ["--set-string", value]);
}

describe.skipIf(!inject("engine").ok)("npm run images", () => {
  const work = nameFileFolder("images");
  let cluster: KindCluster;
  let kind: string;
  beforeAll(async () => {
    kind = await findGoProgram("kind");
    cluster = await startKindCluster(work);
    return cluster.stop;
  });

  describe.each(makers)("$maker", ({ maker, flags }) => {
    let report: string;
    let images: readonly Listed[];
    beforeAll(async () => {
      const target = `kind:${cluster.name}`;
      const args = [...flags, "--out", join(work, maker), "--load", target];
      report = await runScript(args, cluster.programs, dirname(kind));
      images = readListed(report);
      expect(images, report).toHaveLength(programs.length);
      return async () => {
        for (const { name } of images) await removeImage(name);
      };
    });

    it("F-004 makes every image of the product and loads it into the node of a kind cluster", async () => {
      expect(images.map(({ program }) => program).toSorted()).toEqual(programs);
      expect(await cluster.listImages()).toEqual(expect.arrayContaining(images.map(({ name }) => name)));
    });

    it("prints a command by which the chart uses these images and never pulls", async () => {
      const rendered = await runHelm(["template", "outrigger", "charts/outrigger", ...readFlags(report)]);
      if (!rendered.ok) throw new Error(rendered.message);
      const text = rendered.manifest;
      for (const { name } of images) expect(text).toContain(name);
      expect(new Set(text.match(/imagePullPolicy: \w+/g))).toEqual(new Set(["imagePullPolicy: Never"]));
      const { data } = findObject(parseObjects(text), "ConfigMap", "outrigger-webhook") as {
        readonly data?: { readonly "injection.json": string };
      };
      expect(JSON.parse(data?.["injection.json"] ?? "")).toMatchObject({ imagePullPolicy: "Never" });
    });

    it("makes archives that a Docker engine loads, each with a user that is not root", async () => {
      // What the engine itself has built is there already.
      if (maker === "with Docker") for (const { name } of images) await removeImage(name);
      const files = images.map(({ file }) => file);
      await loadArchives(files, { kind: "docker" }, (_name, load) => load());
      for (const { name } of images) expect((await readImage(name)).User, name).toBe("65532:65532");
    });
  });
});

describe("loading", () => {
  afterEach(() => void vi.unstubAllEnvs());
  const archives = ["/archives/sidecar.tar", "/archives/shim.tar"];

  /** Puts programs on the PATH that write down what they are told, and gives what was written. */
  async function record(exitCode: number, ...names: string[]): Promise<() => Promise<readonly string[]>> {
    const folder = makeTestFolder("programs");
    const log = join(folder, "log");
    const script = `#!/bin/sh\necho "\${0##*/} $*" >>"${log}"\necho "no such cluster" >&2\nexit ${exitCode}\n`;
    for (const name of names) await writeFile(join(folder, name), script, { mode: 0o755 });
    vi.stubEnv("PATH", `${folder}${delimiter}${process.env["PATH"] ?? ""}`);
    return async () => (await readFile(log, "utf8")).trim().split("\n");
  }

  it.each<[LoadTarget, readonly string[]]>([
    [
      { kind: "kind", name: "dev" },
      [
        "kind load image-archive /archives/sidecar.tar --name dev",
        "kind load image-archive /archives/shim.tar --name dev",
      ],
    ],
    [{ kind: "minikube" }, ["minikube image load /archives/sidecar.tar", "minikube image load /archives/shim.tar"]],
    [
      { kind: "minikube", name: "dev" },
      [
        "minikube image load /archives/sidecar.tar --profile dev",
        "minikube image load /archives/shim.tar --profile dev",
      ],
    ],
    [
      { kind: "containerd" },
      [
        "ctr --namespace k8s.io images import /archives/sidecar.tar",
        "ctr --namespace k8s.io images import /archives/shim.tar",
      ],
    ],
  ])("into %o is one command for each archive", async (target, commands) => {
    const read = await record(0, "kind", "minikube", "ctr");
    await loadArchives(archives, target, (_name, load) => load());
    expect(await read()).toEqual(commands);
  });

  it("ends at the first archive that is refused, with the program's words", async () => {
    const read = await record(1, "minikube");
    const loading = loadArchives(archives, { kind: "minikube" }, (_name, load) => load());
    await expect(loading).rejects.toThrow("minikube image load /archives/sidecar.tar: no such cluster");
    expect(await read()).toHaveLength(1);
  });

  const hasMinikube = spawnSync("sh", ["-c", "command -v minikube"]).status === 0;

  it.skipIf(hasMinikube)("names the program that is missing before anything is made", async () => {
    const out = join(makeTestFolder("out"), "images");
    const ran = runScript(["--no-docker", "--out", out, "--load", "minikube"]);
    await expect(ran).rejects.toThrow("minikube is missing: https://minikube.sigs.k8s.io tells how to install it");
    expect(existsSync(out)).toBe(false);
  });

  it("says that no Docker engine answers, and what to do, where one was asked for", async () => {
    vi.stubEnv("DOCKER_HOST", "tcp://127.0.0.1:9");
    const advice = "no Docker engine answers: start it, name it in DOCKER_HOST, or use --no-docker";
    for (const flags of [["--docker"], ["--network", "host"]])
      await expect(runScript([...flags, "--out", makeTestFolder("out")])).rejects.toThrow(advice);
  });
});
