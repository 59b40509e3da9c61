/** Reading the configuration of injection. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { defaultConfig, hashConfig, isSystemNamespace } from "../config.ts";
import { parseInjectionConfig } from "./config.ts";

const problemsOf = (value: unknown): string[] => {
  const read = parseInjectionConfig(value);
  return read.ok ? [] : read.problems.map((problem) => problem.path.join("."));
};

describe("configuration of injection", () => {
  it("is the defaults where nothing is said", () => {
    expect(parseInjectionConfig({})).toEqual({ ok: true, config: defaultConfig });
  });

  it("changes only what is said, also inside ports and defaults", () => {
    const read = parseInjectionConfig({ ports: { data: 20_000 }, defaults: { logLevel: "debug" } });
    expect(read).toEqual({
      ok: true,
      config: {
        ...defaultConfig,
        ports: { ...defaultConfig.ports, data: 20_000 },
        defaults: { logLevel: "debug" },
      },
    });
  });

  it("names every problem at once", () => {
    const wrong = {
      image: "two words",
      imagePullPolicy: "Sometimes",
      kubernetesVersion: "v1.33",
      audit: "some",
      otlpEndpoint: "collector:4318",
      ports: { data: 80, extra: 1 },
      defaults: { portMode: "side", transport: "stdio" },
      foreign: [],
      colour: "red",
    };
    expect(problemsOf(wrong)).toEqual([
      "image",
      "imagePullPolicy",
      "kubernetesVersion",
      "audit",
      "otlpEndpoint",
      "ports.data",
      "ports.extra",
      "defaults.portMode",
      "defaults.transport",
      "foreign",
      "colour",
    ]);
  });

  it.each([[null], [[]], ["x"], [{ ["constructor"]: 1 }], [{ ports: { data: 19_081 } }]])("refuses %j", (value) => {
    expect(parseInjectionConfig(value).ok).toBe(false);
  });

  it("names the version that the package has", () => {
    const manifest = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as object;
    expect(manifest).toMatchObject({ version: defaultConfig.version });
  });

  it("hashes what it says, not the order in which it says it", () => {
    const { version, image, ...rest } = defaultConfig;
    expect(hashConfig({ ...rest, image, version })).toBe(hashConfig(defaultConfig));
    expect(hashConfig({ ...defaultConfig, image: "other" })).not.toBe(hashConfig(defaultConfig));
    expect(hashConfig({ ...defaultConfig, ports: { ...defaultConfig.ports, app: 1 } })).not.toBe(
      hashConfig(defaultConfig),
    );
  });

  it("can add system namespaces but not take Kubernetes' own away", () => {
    const config = { ...defaultConfig, systemNamespaces: ["ingress"] };
    const system = ["kube-system", "kube-public", "kube-node-lease", "outrigger-system", "ingress"];
    expect(system.every((namespace) => isSystemNamespace(namespace, config))).toBe(true);
    expect(isSystemNamespace("tools", config)).toBe(false);
  });
});
