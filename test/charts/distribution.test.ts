/** What is handed out of the chart: the same objects from every source, at the version that was asked for, in the same bytes each time. */
import { appendFile, cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { packageChart, release, type PackageOptions, type Packaged } from "../../charts/package/package.ts";
import { run } from "../cluster/run.ts";
import { makeTestFolder, nameFileFolder } from "../fixtures/temporary-folder.ts";
import { serveRepository, startRegistry, type Served } from "./chart-sources.ts";
import { byName, renderSource, runHelmAt, type ChartSource, type HelmAt } from "./helm-at.ts";
import { findHelm } from "./helm.ts";
import { chartFolder, parseObjects, type RenderedObject } from "./render.ts";

const work = nameFileFolder("distribution");
const at: HelmAt = { helm: await findHelm(), home: join(work, "helm") };
const folder = join(work, "charts");
const pack = (changes: Partial<PackageOptions> = {}): Promise<Packaged> =>
  packageChart({ helm: at.helm, chart: chartFolder, folder, timeS: 0, ...changes });

let packaged: Packaged;
let repository: Served;
let registry: Served;

beforeAll(async () => {
  packaged = await pack();
  repository = await serveRepository(folder);
  registry = await startRegistry();
  await runHelmAt(at, ["push", packaged.archive, registry.url, "--plain-http"]);
  // The registry is built at its first use.
}, 600_000);
afterAll(() => Promise.all([repository.close(), registry.close()]));

type Place = "local folder" | "archive" | "Helm repository" | "OCI registry";

/** The words for helm, at a version that a local path has by itself. */
const sources: Readonly<Record<Place, (version: string) => ChartSource>> = {
  "local folder": () => [chartFolder],
  archive: () => [packaged.archive],
  "Helm repository": (version) => ["outrigger", "--repo", repository.url, "--version", version],
  "OCI registry": (version) => [`${registry.url}/outrigger`, "--version", version, "--plain-http"],
};
const places = Object.keys(sources) as readonly Place[];

/** The oldest Kubernetes, as install.yaml is rendered for. */
const oldest = { kubernetes: "1.30.0" };

/** What is installed; `helm test` and its like are helm's alone. */
function withoutHooks(objects: ReadonlyMap<string, RenderedObject>): ReadonlyMap<string, RenderedObject> {
  return new Map([...objects].filter(([, { metadata }]) => metadata.annotations?.["helm.sh/hook"] === undefined));
}

async function readInstall(file: string): Promise<readonly RenderedObject[]> {
  return parseObjects(await readFile(file, "utf8"));
}

describe("the chart", () => {
  it("F-002 gives the same objects from a folder, an archive, a Helm repository, an OCI registry and install.yaml", async () => {
    const expected = await renderSource(at, [chartFolder], oldest);
    expect(expected.size).toBeGreaterThan(30);
    for (const place of places) {
      const found = await renderSource(at, sources[place](packaged.version), oldest);
      expect(found, place).toEqual(expected);
    }
    const [namespace, ...objects] = await readInstall(packaged.install);
    expect(namespace).toEqual({ apiVersion: "v1", kind: "Namespace", metadata: { name: release.namespace } });
    expect(byName(objects), "install.yaml").toEqual(withoutHooks(expected));
  });

  it.each(["Helm repository", "OCI registry"] as const)(
    "is refused by a version that the %s has not",
    async (place) => {
      await expect(renderSource(at, sources[place]("9.9.9"))).rejects.toThrow("9.9.9");
    },
  );

  it("is another one where it was changed after it was packed", async () => {
    const changed = join(makeTestFolder("chart"), "outrigger");
    await cp(chartFolder, changed, { recursive: true });
    await appendFile(join(changed, "templates", "aggregator-service.yaml"), "  publishNotReadyAddresses: true\n");
    const objects = await renderSource(at, [changed], oldest);
    for (const place of places.filter((each) => each !== "local folder")) {
      expect(await renderSource(at, sources[place](packaged.version), oldest), place).not.toEqual(objects);
    }
    const again = await pack({ chart: changed, folder: makeTestFolder("charts") });
    expect(byName((await readInstall(again.install)).slice(1))).toEqual(withoutHooks(objects));
  });
});

describe("packing", () => {
  it("gives the same bytes at another time, from another folder", async () => {
    const chart = join(makeTestFolder("chart"), "outrigger");
    await cp(chartFolder, chart, { recursive: true });
    const second = await pack({ chart, folder: makeTestFolder("charts") });
    for (const file of ["archive", "index", "install"] as const)
      expect((await readFile(second[file])).equals(await readFile(packaged[file])), file).toBe(true);
  });

  it("works with Helm 3 as with Helm 4", async () => {
    const { archive, install } = await pack({ helm: await findHelm(3), folder: makeTestFolder("charts") });
    const expected = await renderSource(at, [chartFolder], oldest);
    expect(await renderSource(at, [archive], oldest)).toEqual(expected);
    expect(byName((await readInstall(install)).slice(1))).toEqual(withoutHooks(expected));
  });

  it("writes the time that it is given, and the address that archives will have", async () => {
    const own = makeTestFolder("charts");
    const { index, archive } = await pack({ folder: own, timeS: 1_700_000_000, url: "https://charts.test/outrigger" });
    const [entry] = (parse(await readFile(index, "utf8")) as { entries: { outrigger: unknown[] } }).entries.outrigger;
    expect(entry).toMatchObject({
      created: "2023-11-14T22:13:20.000Z",
      urls: ["https://charts.test/outrigger/outrigger-0.3.0.tgz"],
    });
    const lines = (await run(["tar", "--utc", "-tvzf", archive])).trim().split("\n");
    expect(lines.filter((line) => !line.includes(" 2023-11-14 22:13 "))).toEqual([]);
  });

  it("puts values into install.yaml, and refuses wrong ones in helm's words", async () => {
    const values = join(chartFolder, "values-ha.yaml");
    const { install } = await pack({ folder: makeTestFolder("charts"), values: [values] });
    const deployment = byName(await readInstall(install)).get("Deployment outrigger-system/outrigger-webhook");
    expect(deployment).toMatchObject({ spec: { replicas: 3 } });
    const wrong = pack({ folder: makeTestFolder("charts"), values: [join(chartFolder, "Chart.yaml")] });
    await expect(wrong).rejects.toThrow(/helm template: .*apiVersion/s);
  });

  it("says which program is missing", async () => {
    const without = pack({ helm: join(work, "no-helm"), folder: makeTestFolder("charts") });
    await expect(without).rejects.toThrow("install Helm 3 or 4, or name the program in OUTRIGGER_HELM");
  });

  it("puts every object of install.yaml into its namespace, or into none", async () => {
    const named = (await readInstall(packaged.install)).map(({ metadata }) => metadata.namespace);
    expect(new Set(named)).toEqual(new Set([undefined, release.namespace]));
  });
});

describe("npm run charts -- --package", () => {
  const script = ["node", "--conditions=outrigger-source", "charts/generate.ts"];
  const root = join(chartFolder, "../..");

  it("names what it made", async () => {
    const out = makeTestFolder("charts");
    const made = await run([...script, "--package", "--out", out], { cwd: root, env: { OUTRIGGER_HELM: at.helm } });
    expect(
      made
        .trim()
        .split("\n")
        .map((line) => line.split("/").at(-1)),
    ).toEqual(["outrigger-0.3.0.tgz", "index.yaml", "install.yaml"]);
    expect(await readFile(join(out, "install.yaml"), "utf8")).toBe(await readFile(packaged.install, "utf8"));
  });

  it.each([
    ["an option that it has not", ["--package", "--output", "x"], "--output"],
    ["a folder for nothing", ["--out", "x"], "--out, --url and --values go with --package"],
    ["two things at once", ["--package", "--check"], "--check does not go with --package"],
  ])("refuses %s", async (_what, args, message) => {
    await expect(run([...script, ...args], { cwd: root })).rejects.toThrow(message);
  });
});
