/** Certificate modes on a cluster: each is changed into each other by helm, and back, and pods are admitted all the while or soon again. */
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { splitPem } from "@outrigger/certs";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { askCluster } from "../../ask-cluster.ts";
import { installArguments, release, runHelm, single, uninstallChart, type HelmMajor } from "../../product/install.ts";
import { httpServer, optedIn, podOf } from "../../product/workloads.ts";
import { hasCluster } from "../cluster.ts";
import { makeGivenCertificate } from "./given-certificate.ts";
import { useProduct } from "./product.ts";
import { underLoad } from "./steady-load.ts";
import { admitDry, isInjected, readTrusted } from "./webhook-away.ts";

/** self, files: the operator writes the caBundle. limited, alone: the chart does, for the operator has no right to or is not there. */
type Mode = "self" | "files" | "limited" | "alone";

/** The way through the modes; each step with another one that writes, and back. */
interface Step {
  readonly to: Mode;
  readonly by: "upgrade" | "rollback";
}

interface Registered {
  readonly metadata: {
    readonly annotations?: Readonly<Record<string, string>>;
    readonly managedFields?: readonly { readonly manager: string }[];
  };
}

const upgrade = (to: Mode): Step => ({ to, by: "upgrade" });
const rollback = (to: Mode): Step => ({ to, by: "rollback" });

const steps: readonly Step[] = [
  upgrade("files"),
  rollback("self"),
  upgrade("limited"),
  upgrade("files"),
  rollback("limited"),
  upgrade("self"),
  upgrade("alone"),
  upgrade("files"),
  rollback("alone"),
  upgrade("self"),
];

/** Helm 4 claims fields, Helm 3 does not: what is hard for the one comes with the first steps of the other. */
const stepsOf: Readonly<Record<HelmMajor, readonly Step[]>> = { 4: steps, 3: steps.slice(0, 3) };

/** What the chart says of each. */
const sources: Readonly<Record<Mode, string>> = { self: "self", files: "files", limited: "chart", alone: "chart" };

/** Modes in which the operator is the writer: from one to the other it trusts both for a while. */
const ofOperator: readonly Mode[] = ["self", "files"];

/** How long after a change of the writer pods may still be refused. */
const soonMs = 30_000;

const configurationPath = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/outrigger";
const certificate = hasCluster() ? await makeGivenCertificate() : undefined;

describe.skipIf(!hasCluster())("the webhook's certificate", () => {
  const product = useProduct(...single);
  const { imageValues } = inject("product");
  const { image, kubeconfig } = product;
  const pod = podOf(httpServer("asked", { image, labels: optedIn }));
  let tools = "";

  beforeAll(async () => {
    await certificate?.put(kubeconfig);
    tools = await product.makeNamespace();
  });
  afterAll(() => certificate?.takeBack(kubeconfig));

  const valuesOf = (mode: Mode): readonly string[] => {
    const given = certificate?.value ?? "";
    const own = {
      self: [],
      files: [given],
      limited: [given, `rbac=${JSON.stringify({ namespaces: [tools] })}`],
      alone: [given, "operator.enabled=false"],
    };
    return [...imageValues, ...single, ...own[mode]];
  };
  const admit = async (): Promise<void> => {
    if (!isInjected(await admitDry(kubeconfig, tools, pod))) throw new Error("admitted without the sidecar");
  };
  const take = async ({ to, by }: Step, major: HelmMajor): Promise<void> => {
    if (by === "upgrade") await runHelm(kubeconfig, installArguments(valuesOf(to)), major);
    else await runHelm(kubeconfig, ["rollback", release.name, "--wait", "--timeout", "120s"], major);
  };
  const listTrusted = (bundle = ""): readonly string[] => splitPem(Buffer.from(bundle, "base64").toString());
  const readSource = async (): Promise<string | undefined> =>
    (await askCluster<Registered>(kubeconfig, configurationPath)).metadata.annotations?.["outrigger.dev/trust-from"];
  /** The claim on fields that would make the next server-side apply a conflict. */
  const isFree = async (): Promise<boolean> => {
    const { metadata } = await askCluster<Registered>(kubeconfig, configurationPath);
    return metadata.managedFields?.every(({ manager }) => !manager.startsWith("outrigger")) === true;
  };

  it.each<HelmMajor>([4, 3])(
    "is changed from mode to mode by Helm %i, and rolled back, and pods are admitted",
    async (major) => {
      if (major === 3) {
        await uninstallChart(kubeconfig);
        await runHelm(kubeconfig, installArguments(valuesOf("self")), major);
      }
      let from: Mode = "self";
      for (const step of stepsOf[major]) {
        const what = `${from} to ${step.to} by ${step.by}`;
        const { failures } = await underLoad(admit, async () => {
          await take(step, major);
          await waitFor(`a pod to be admitted, ${what}`, () => admit().then(() => true), soonMs);
        });
        if (ofOperator.includes(from) && ofOperator.includes(step.to)) expect(failures, what).toEqual([]);
        await waitFor("the fields to be free", isFree);
        // What is admitted now stays admitted: nobody puts back what was trusted before.
        for (let count = 0; count < 20; count++) await admit();
        expect(await readSource(), what).toBe(sources[step.to]);
        const [authority = "none"] = splitPem(certificate?.authorityPem ?? "");
        const isGiven = (bundle?: string): boolean => listTrusted(bundle).includes(authority);
        const given = (await readTrusted(kubeconfig)).map((bundle) => isGiven(bundle));
        // Every entry of both configurations.
        if (step.to !== "self") expect(new Set(given), what).toEqual(new Set([true]));
        from = step.to;
      }
    },
    1_200_000,
  );
});
