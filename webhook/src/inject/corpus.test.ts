/** Pods as charts, operators and injectors make them: what comes of each, twice over, and beside other injectors in both orders. */
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { sidecarName } from "@outrigger/api/containers";
import { keyList, keys } from "@outrigger/api/keys";
import { describe, expect, it } from "vitest";
import { applyPatch } from "../fixtures/apply.ts";
import { injectors, listPlaces, listTraces, type Injector } from "../fixtures/corpus/injectors.ts";
import { diffLines } from "../fixtures/corpus/line-diff.ts";
import {
  describeOutcome,
  makeReferences,
  readCorpus,
  readOutcome,
  readReferences,
  type CorpusCase,
} from "../fixtures/corpus/read-corpus.ts";
import { spellPod } from "../fixtures/corpus/spell.ts";
import { runCase } from "../fixtures/golden.ts";
import { findViolations } from "../fixtures/pod-security.ts";
import { defaultConfig } from "./config.ts";
import { isObject, parseObject, readList, readMember, readObject, readText, type JsonObject } from "./read/json.ts";
import { uninject } from "./undo/uninject.ts";

const root = fileURLToPath(new URL("corpus", import.meta.url));
const cases = readCorpus(root);
const references = makeReferences();
const isUpdate = env["UPDATE_GOLDEN"] !== undefined;
const injected = cases.filter((each) => runCase(each).action === "inject");

/** The pod after a round. */
function inject(each: CorpusCase, pod: unknown): JsonObject {
  const admission = runCase(each, pod);
  if (admission.action !== "inject") throw new Error(`${each.name}: ${JSON.stringify(admission)}`);
  const patched = applyPatch(pod, admission.patch);
  return isObject(patched) ? patched : {};
}

/** Each pod after its first round. */
const first = new Map(injected.map((each) => [each.name, inject(each, each.request.pod)]));
const injectOnce = (each: CorpusCase): JsonObject => first.get(each.name) ?? {};

const readPod = (each: CorpusCase): JsonObject => (isObject(each.request.pod) ? each.request.pod : {});

/** Cases that something is not true of, with what was found, so that all are told at once. */
function findFailures(check: (each: CorpusCase) => readonly string[], among = injected): readonly string[] {
  return among.flatMap((each) => check(each).map((found) => `${each.name}: ${found}`));
}

describe("the corpus", () => {
  it("holds pods of every outcome, and in every port mode", () => {
    const outcomes = new Set(cases.map((each) => runCase(each).action));
    const modes = new Set(injected.map((each) => readStatus(injectOnce(each))["mode"]));
    expect(cases.length).toBeGreaterThanOrEqual(150);
    expect([...outcomes].sort()).toEqual(["deny", "inject", "skip"]);
    expect([...modes].sort()).toEqual(["env", "loopback", "named-port", "sidecar-port", "stdio"]);
  });

  it("is folded by references that are as reviewed", () => {
    expect(readReferences(root, isUpdate ? references : undefined)).toEqual(references);
  });

  it.each(cases)("$name comes out as reviewed", (each) => {
    const outcome = describeOutcome(each, runCase(each), references);
    expect(outcome).toEqual(readOutcome(each, isUpdate ? outcome : undefined));
  });

  it("F-020 is left alone by a second round", () => {
    const check = (each: CorpusCase): readonly string[] => {
      const again = runCase(each, injectOnce(each));
      const isDone = again.action === "inject" && again.reason === "AlreadyInjected" && again.patch.length === 0;
      return isDone ? [] : [JSON.stringify(again)];
    };
    expect(findFailures(check)).toEqual([]);
  });

  it("F-020 is left alone where the API server has left out what is its default", () => {
    const check = (each: CorpusCase): readonly string[] => {
      const again = runCase(each, asStored(injectOnce(each)));
      return again.reason === "AlreadyInjected" ? [] : [JSON.stringify(again)];
    };
    expect(findFailures(check)).toEqual([]);
  });

  it("F-020 keeps fields that nobody knows yet, wherever they stand", () => {
    const future = { futureField: { enabled: true, list: [1, null, "x"] } };
    const check = (each: CorpusCase): readonly string[] => {
      const pod = readPod(each);
      const grown = {
        ...pod,
        ...future,
        metadata: { ...readObject(pod, "metadata"), ...future },
        spec: growSpec(pod, future),
      };
      const after = inject(each, grown);
      const places = [after, readMember(after, "metadata"), readMember(after, "spec"), ...listOthers(after)];
      return places.every(
        (place) => JSON.stringify(readMember(place, "futureField")) === JSON.stringify(future.futureField),
      )
        ? []
        : ["lost a field"];
    };
    expect(findFailures(check)).toEqual([]);
  });

  it("comes out of it again as it was", () => {
    const bare = injected.filter((each) => !hasKeysOfOurs(each));
    const check = (each: CorpusCase): readonly string[] => {
      const once = injectOnce(each);
      return diffOf(readPod(each), applyPatch(once, uninject(once)));
    };
    expect(bare.length).toBeGreaterThan(100);
    expect(findFailures(check, bare)).toEqual([]);
  });

  it("passes the restricted Pod Security Standard wherever it passed before", () => {
    const strict = injected.filter((each) => findViolations(each.request.pod).length === 0);
    expect(strict.length).toBeGreaterThan(3);
    expect(findFailures((each) => findViolations(injectOnce(each)), strict)).toEqual([]);
  });
});

describe.each(Object.entries(injectors))("beside %s", (_name, other) => {
  it("F-023 puts the sidecar right once where that comes afterwards, and takes nothing from it", () => {
    expect(findFailures((each) => checkAfter(each, other))).toEqual([]);
  });

  it("F-023 finds the same server where that came first, and takes nothing from it", () => {
    expect(findFailures((each) => checkBefore(each, other))).toEqual([]);
  });
});

/** Another injector after us, then the round that the API server asks for. */
function checkAfter(each: CorpusCase, other: Injector): readonly string[] {
  const once = injectOnce(each);
  const disturbed = other(once);
  const repaired = inject(each, disturbed);
  return [
    ...compareServer(once, repaired),
    ...compareSidecar(disturbed, repaired),
    ...findLost(listTraces(once, disturbed), repaired),
    ...checkOrder(repaired),
    ...checkSettled(each, other, repaired),
  ];
}

/** Another injector before us. */
function checkBefore(each: CorpusCase, other: Injector): readonly string[] {
  const pod = readPod(each);
  const prepared = other(pod);
  const patched = inject(each, prepared);
  const traces = new Map([...listTraces(pod, prepared)].filter(([place]) => !isLed(each, place)));
  return [
    ...compareServer(injectOnce(each), patched),
    ...findLost(traces, patched),
    ...checkOrder(patched),
    ...checkSettled(each, other, patched),
  ];
}

/** In these modes the sidecar leads a server's own probes and hooks through itself, whoever wrote them. */
function isLed(each: CorpusCase, place: string): boolean {
  const { container, mode } = readStatus(injectOnce(each));
  return (
    mode !== "sidecar-port" &&
    new RegExp(
      `^containers/${String(container)}/((startup|readiness|liveness)Probe|lifecycle/(postStart|preStop))$`,
    ).test(place)
  );
}

const readStatus = (pod: unknown): JsonObject =>
  parseObject(readText(readObject(readObject(pod, "metadata"), "annotations"), keys.status.key) ?? "") ?? {};

function compareServer(wanted: JsonObject, actual: JsonObject): readonly string[] {
  const server = ({ container, port, mode }: JsonObject): string => JSON.stringify({ container, port, mode });
  const [before, after] = [server(readStatus(wanted)), server(readStatus(actual))];
  return before === after ? [] : [`the server was ${before} and is ${after}`];
}

/** Probes and hooks of the sidecar that an agent asks by now are its own, also where the rest of the sidecar is put right. */
function compareSidecar(before: JsonObject, after: JsonObject): readonly string[] {
  const find = (pod: JsonObject): unknown =>
    readList(readObject(pod, "spec"), "initContainers").find((each) => readText(each, "name") === sidecarName);
  return ["readinessProbe", "livenessProbe", "lifecycle"].flatMap((field) =>
    isDeepStrictEqual(readMember(find(before), field), readMember(find(after), field))
      ? []
      : [`the sidecar's ${field} was changed`],
  );
}

function findLost(traces: ReadonlyMap<string, string>, pod: JsonObject): readonly string[] {
  const places = listPlaces(pod);
  return [...traces].filter(([place, value]) => places.get(place) !== value).map(([place]) => `lost ${place}`);
}

/** Only what sets up the network, and native sidecars, may stand before the sidecar. */
function checkOrder(pod: JsonObject): readonly string[] {
  const init = readList(readObject(pod, "spec"), "initContainers");
  const place = init.findIndex((each) => readText(each, "name") === sidecarName);
  const isAllowed = (each: unknown): boolean =>
    readText(each, "restartPolicy") === "Always" ||
    defaultConfig.foreign.networkInits.includes(readText(each, "name") ?? "");
  const early = init.slice(0, place).filter((each) => !isAllowed(each));
  return place < 0 ? ["no sidecar"] : early.map((each) => `${readText(each, "name") ?? ""} stands before the sidecar`);
}

/** Neither has anything left to do. */
function checkSettled(each: CorpusCase, other: Injector, pod: JsonObject): readonly string[] {
  const again = runCase(each, other(pod));
  return again.reason === "AlreadyInjected" ? [] : [`another round: ${JSON.stringify(again)}`];
}

/** Members that the API server does not keep where they are false. Others it keeps: their default is not false. */
const falseByDefault = ["stdin", "stdinOnce", "tty", "hostNetwork", "hostPID", "hostIPC", "readOnly"];

/** As a pod comes out of the API server: without nulls, empty lists, and what is false by default. */
function asStored(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asStored);
  if (!isObject(value)) return value;
  const isKept = ([key, member]: [string, unknown]): boolean =>
    member !== null && !isDeepStrictEqual(member, []) && !(member === false && falseByDefault.includes(key));
  return Object.fromEntries(
    Object.entries(value)
      .filter(isKept)
      .map(([key, member]) => [key, asStored(member)]),
  );
}

/** A pod that was injected before, or says so: what only we may say of it is not given back. */
function hasKeysOfOurs(each: CorpusCase): boolean {
  const { annotations, labels } = readObject(each.request.pod, "metadata");
  return keyList.some(
    ({ key, setBy }) =>
      setBy === "outrigger" && (readMember(annotations, key) !== undefined || readMember(labels, key) !== undefined),
  );
}

function diffOf(before: unknown, after: unknown): readonly string[] {
  if (isDeepStrictEqual(before, after)) return [];
  return [diffLines(spellPod(before), spellPod(after))];
}

function growSpec(pod: JsonObject, future: JsonObject): JsonObject {
  const spec = readObject(pod, "spec");
  const grow = (list: string): JsonObject =>
    Array.isArray(spec[list])
      ? { [list]: readList(spec, list).map((item) => (isObject(item) ? { ...item, ...future } : item)) }
      : {};
  return { ...spec, ...future, ...grow("containers"), ...grow("initContainers"), ...grow("volumes") };
}

/** Containers and volumes of others. */
function listOthers(pod: JsonObject): readonly unknown[] {
  const spec = readObject(pod, "spec");
  const all = ["containers", "initContainers", "volumes"].flatMap((list) => readList(spec, list));
  return all.filter((each) => readText(each, "name")?.startsWith("outrigger-") !== true);
}
