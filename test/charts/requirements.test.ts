/** What the chart needs: which Kubernetes, which Helm, and in which words it says so where something needs more. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { admit, type Admission } from "../../webhook/src/inject/admission.ts";
import { parseInjectionConfig } from "../../webhook/src/inject/read/config.ts";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";
import { readChartCases } from "./golden.ts";
import { renderSource, runHelmAt, type HelmAt } from "./helm-at.ts";
import { findHelm } from "./helm.ts";
import { chartFolder } from "./render.ts";

const work = nameFileFolder("requirements");
const majors = [3, 4] as const;
const helms: Readonly<Record<(typeof majors)[number], HelmAt>> = {
  3: { helm: await findHelm(3), home: join(work, "3") },
  4: { helm: await findHelm(4), home: join(work, "4") },
};

const source = [chartFolder];
const notSupported = (version: string): RegExp =>
  new RegExp(`chart requires kubeVersion: >=1\\.30\\.0-0 which is incompatible with Kubernetes v${version}`);

/** What the webhook of an installation says to a pod: its configuration file is the chart's. */
async function admitOn(kubernetes: string, values = {}): Promise<Admission> {
  const rendered = await renderSource(helms[4], source, { values, kubernetes });
  const data = rendered.get("ConfigMap outrigger-system/outrigger-webhook")?.["data"] as { "injection.json": string };
  const read = parseInjectionConfig(JSON.parse(data["injection.json"]));
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const app = { name: "app", image: "x", ports: [{ name: "http", containerPort: 8080 }] };
  const annotations = { "outrigger.dev/port-mode": "named-port" };
  const pod = {
    metadata: { name: "search", labels: { "outrigger.dev/inject": "enabled" }, annotations },
    spec: { containers: [app] },
  };
  const kind = { group: "", version: "v1", kind: "Pod" };
  const request = { scope: "pod", operation: "CREATE", subResource: "", namespace: "tools", userGroups: [] } as const;
  return admit(
    { ...request, kind, pod },
    { namespace: { labels: {}, annotations: {} }, installation: {} },
    read.config,
  );
}

describe("the chart", () => {
  it("F-009 takes Kubernetes 1.30 with Helm 3 and Helm 4, and says what needs a newer one", async () => {
    for (const major of majors) {
      const version = await runHelmAt(helms[major], ["version", "--short"]);
      expect(version).toMatch(new RegExp(`^v${major}\\.`));
      expect((await renderSource(helms[major], source, { kubernetes: "1.30.0" })).size).toBeGreaterThan(30);
      const older = renderSource(helms[major], source, { kubernetes: "1.29.9" });
      await expect(older, `Helm ${major}`).rejects.toThrow(notSupported("1.29.9"));
    }
    expect(await admitOn("1.31.4")).toMatchObject({
      action: "deny",
      message: expect.stringContaining(
        "port mode named-port: expected Kubernetes 1.32 or newer, this is 1.31",
      ) as unknown,
    });
    expect(await admitOn("1.32.0")).toMatchObject({ action: "inject" });
  });

  it("takes a pre-release of Kubernetes 1.30, and the versions that clouds make of it", async () => {
    for (const kubernetes of ["1.30.0-rc.1", "1.30.4-gke.100", "1.31.0+k3s1"])
      expect((await renderSource(helms[4], source, { kubernetes })).size, kubernetes).toBeGreaterThan(30);
  });

  it("believes the value injection.kubernetesVersion more than what helm finds", async () => {
    const values = { injection: { kubernetesVersion: "1.31" } };
    expect(await admitOn("1.34.0", values)).toMatchObject({ action: "deny" });
    expect(await admitOn("1.30.0", { injection: { kubernetesVersion: "1.33" } })).toMatchObject({ action: "inject" });
  });

  it.each(readChartCases())("renders the objects of $name with Helm 3 as with Helm 4", async ({ values }) => {
    const [three, four] = await Promise.all(majors.map((major) => renderSource(helms[major], source, { values })));
    expect(three).toEqual(four);
  });

  it("refuses a value that it does not know, with Helm 3 as with Helm 4", async () => {
    for (const major of majors) {
      const rendered = renderSource(helms[major], source, { values: { webhok: {} } });
      await expect(rendered, `Helm ${major}`).rejects.toThrow("webhok");
    }
  });
});
