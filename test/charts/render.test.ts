/** What the chart renders, case by case, and that it renders the same each time. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readChartCases, readExpected, sortManifests } from "./golden.ts";
import { chartFolder, parseObjects, renderManifest, runHelm } from "./render.ts";

const templates = join(chartFolder, "templates");
const update = process.env["UPDATE_GOLDEN"] !== undefined;

describe("the chart", () => {
  it("is one that helm's linter has nothing against", async () => {
    const linted = await runHelm(["lint", "--strict", chartFolder, "--namespace", "outrigger-system"]);
    expect(linted).toMatchObject({ ok: true, manifest: expect.stringContaining("0 chart(s) failed") as unknown });
  });

  it.each(readChartCases())("renders $name as it was reviewed", async (each) => {
    const manifest = sortManifests(await renderManifest({ values: each.values }));
    expect(manifest).toBe(readExpected(each, update ? manifest : undefined));
  });

  it.each(readChartCases())("renders $name twice to the same bytes", async ({ values }) => {
    const [first, second] = await Promise.all([renderManifest({ values }), renderManifest({ values })]);
    expect(second).toBe(first);
  });

  it("asks neither the cluster nor a clock nor chance", () => {
    const sources = readdirSync(templates).map((file) => readFileSync(join(templates, file), "utf8"));
    expect(sources.join("\n")).not.toMatch(/\b(lookup|now|rand[A-Z]\w*|gen[A-Z]\w*|uuidv4|APIVersions)\b/);
  });

  it.each(readdirSync(templates).filter((file) => file.endsWith(".yaml")))(
    "makes at most one kind of object in %s",
    (file) => {
      const kinds = readFileSync(join(templates, file), "utf8").match(/^kind: /gm) ?? [];
      expect(kinds.length).toBeLessThanOrEqual(1);
    },
  );

  it("names no object twice", async () => {
    for (const { values } of readChartCases()) {
      const names = parseObjects(await renderManifest({ values })).map(
        ({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""} ${metadata.name}`,
      );
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it("needs Kubernetes 1.30 and says so", async () => {
    const old = await runHelm(["template", "outrigger", chartFolder, "--kube-version", "1.29.9"]);
    expect(old).toMatchObject({ ok: false, message: expect.stringContaining(">=1.30.0-0") as unknown });
  });
});
