/** Images: one block for each program, common values where it says nothing. */
import { describe, expect, it } from "vitest";
import type { Values } from "../../charts/values/node.ts";
import { findObject, renderObjects } from "./render.ts";

interface PodSpec {
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly containers: readonly { readonly image: string; readonly imagePullPolicy: string }[];
}

/** What the pods of a program pull, when, and with which Secrets. */
async function readPulled(program: string, values: Values) {
  const deployment = findObject(await renderObjects(values), "Deployment", `outrigger-${program}`);
  const { imagePullSecrets = [], containers } = (deployment["spec"] as { template: { spec: PodSpec } }).template.spec;
  const [container] = containers;
  return {
    image: container?.image,
    policy: container?.imagePullPolicy,
    secrets: imagePullSecrets.map(({ name }) => name),
  };
}

const digest = `sha256:${"ab".repeat(32)}`;
const common = { images: { registry: "common.test", pullPolicy: "Always" }, imagePullSecrets: [{ name: "common" }] };

describe.each(["webhook", "aggregator", "operator"])("the image of the %s", (program) => {
  it("is one of the chart's version where nothing is said", async () => {
    const image = `outrigger-${program}:0.3.0`;
    expect(await readPulled(program, {})).toEqual({ image, policy: "IfNotPresent", secrets: [] });
  });

  it("takes what all images have in common", async () => {
    const image = `common.test/outrigger-${program}:0.3.0`;
    expect(await readPulled(program, common)).toEqual({ image, policy: "Always", secrets: ["common"] });
  });

  it("has a block of its own, and its digest wins over its tag (F-003)", async () => {
    const own = {
      registry: "own.test:5000",
      repository: `mirror/${program}`,
      tag: "9.9.9",
      digest,
      pullPolicy: "Never",
    };
    const values = { ...common, [program]: { image: own, imagePullSecrets: [{ name: "own" }] } };
    const image = `own.test:5000/mirror/${program}@${digest}`;
    expect(await readPulled(program, values)).toEqual({ image, policy: "Never", secrets: ["common", "own"] });
  });
});
