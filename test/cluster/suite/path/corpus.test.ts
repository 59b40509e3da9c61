/**
 * The corpus of pods, sent with dry run to a real API server with the product installed: it takes what we make of them, and passes on why one
 * is refused. Then random pods. Nothing is created but what admission asks for: namespaces, accounts, classes.
 */
import { join } from "node:path";
import { sidecarName } from "@outrigger/api/containers";
import { keys } from "@outrigger/api/keys";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findObstacle, readCorpus, type CorpusCase } from "../../../../webhook/src/fixtures/corpus/read-corpus.ts";
import { diffLines } from "../../../../webhook/src/fixtures/corpus/line-diff.ts";
import { spellPod } from "../../../../webhook/src/fixtures/corpus/spell.ts";
import { runCase } from "../../../../webhook/src/fixtures/golden.ts";
import { findViolations } from "../../../../webhook/src/fixtures/pod-security.ts";
import { validPod } from "../../../../webhook/src/fixtures/valid-pods.ts";
import { single } from "../../product/install.ts";
import { hasCluster } from "../cluster.ts";
import { createAdmissionClient, type Answer, type Place, type Pod } from "./admission-client.ts";
import { useProduct } from "./product.ts";

const root = join(import.meta.dirname, "../../../../webhook/src/inject/corpus");
const cases = readCorpus(root).filter((each) => findObstacle(each) === undefined);
const randomPods = 150;

describe.skipIf(!hasCluster())("the API server", () => {
  const product = useProduct(...single);
  const client = createAdmissionClient(product);
  const answers = new Map<string, Answer>();
  beforeAll(async () => {
    await client.prepare(cases.map(({ request }) => request.pod));
    const asked = await client.inRows(cases, async (each) => ({
      each,
      answer: await client.send(each.request.pod, describePlace(each)),
    }));
    for (const { each, answer } of asked) answers.set(each.name, answer);
  });
  afterAll(() => client.clean());

  const failuresOf = (
    action: string,
    judge: (answer: Answer, each: CorpusCase) => string | undefined,
  ): readonly string[] =>
    cases
      .filter((each) => runCase(each).action === action)
      .flatMap((each) => {
        const answer = answers.get(each.name);
        const failure = answer === undefined ? "not asked" : judge(answer, each);
        return failure === undefined ? [] : [`${each.name}: ${failure}`];
      });

  it("is asked for nearly all of the corpus", () => {
    expect(cases.length).toBeGreaterThan(150);
  });

  it("takes what is made of each pod, and stores it with the sidecar", () => {
    expect(failuresOf("inject", judgeInjected)).toEqual([]);
  });

  it("F-021 refuses what can't be guarded, and passes on why", () => {
    const judge = ({ refusal }: Answer, each: CorpusCase): string | undefined =>
      refusal?.includes(`[${runCase(each).reason}]`) === true ? undefined : (refusal ?? "was taken");
    expect(failuresOf("deny", judge)).toEqual([]);
  });

  it("stores pods that are left alone as they came", () => {
    const judge = ({ pod, refusal }: Answer): string | undefined =>
      pod === undefined ? refusal : JSON.stringify(pod).includes(sidecarName) ? "was injected" : undefined;
    expect(failuresOf("skip", judge)).toEqual([]);
  });

  it("F-020 finds nothing left to do where a stored pod comes again, as another webhook would have it", async () => {
    const stored = cases.flatMap((each) => {
      const pod = answers.get(each.name)?.pod;
      return pod !== undefined && runCase(each).action === "inject" ? [{ each, pod }] : [];
    });
    const failures = await client.inRows(stored, async ({ each, pod }) => {
      const again = await client.send(client.forget(pod), describePlace(each));
      return compare(each.name, pod, again);
    });
    expect(failures.flat()).toEqual([]);
  });

  it("F-020 takes what is made of random pods, and finds nothing left to do where they come again", async () => {
    const place = { labels: {}, annotations: {} };
    const names = Array.from({ length: randomPods }, (_, index) => `random-${index}`);
    const pods = names.flatMap((name) => fc.sample(validPod(name), 1));
    const failures = await client.inRows(pods, async (pod) => {
      const { pod: stored, refusal } = await client.send(pod, place);
      if (stored === undefined) return [`${refusal ?? ""}: ${JSON.stringify(pod)}`];
      const changes = compare("random", stored, await client.send(client.forget(stored), place));
      return [judgeInjected({ pod: stored }) ?? [], changes].flat();
    });
    // One tells as much as all.
    expect(failures.flat().slice(0, 1)).toEqual([]);
  });
});

/** The namespace that a case needs: its opt-in, its annotations, and the strictest Pod Security that lets the pod in. */
function describePlace({ request, around }: CorpusCase): Place {
  const optIns: Readonly<Record<string, Record<string, string>>> = {
    pod: {},
    namespace: { [keys.inject.key]: "enabled" },
    enforced: { [keys.enforce.key]: "required" },
  };
  const level = findViolations(request.pod).length === 0 ? "restricted" : "privileged";
  const annotations = Object.entries(around.namespace?.annotations ?? {}).map(
    ([key, value]) => [key, String(value)] as const,
  );
  return {
    labels: { ...optIns[request.scope], "pod-security.kubernetes.io/enforce": level },
    annotations: Object.fromEntries<string>(annotations),
  };
}

function judgeInjected({ pod, refusal }: Answer): string | undefined {
  if (pod === undefined) return refusal;
  const sidecar = pod.spec.initContainers?.find(({ name }) => name === sidecarName);
  if (sidecar?.restartPolicy !== "Always") return `has no sidecar: ${JSON.stringify(pod.spec.initContainers)}`;
  return pod.metadata.labels?.[keys.injected.key] === "true" ? undefined : "bears no label";
}

function compare(name: string, before: Pod, { pod, refusal }: Answer): readonly string[] {
  if (pod === undefined) return [`${name}: ${refusal ?? ""}`];
  const spell = ({ metadata: { labels, annotations }, spec }: Pod): string =>
    spellPod({ metadata: { labels, annotations }, spec });
  const changes = diffLines(spell(before), spell(pod));
  return changes === "" ? [] : [`${name} came to be another:\n${changes}`];
}
