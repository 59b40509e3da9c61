/** Pods of stdio servers: one that can't be run, and what others did to the shim between two rounds. */
import { describe, expect, it } from "vitest";
import { applyPatch } from "../fixtures/apply.ts";
import { admit, type Admission } from "./admission.ts";
import { defaultConfig } from "./config.ts";
import type { Operation } from "./outcome.ts";
import { parseObject, readList, readMember, readObject, readText } from "./read/json.ts";

const run = (pod: unknown): Admission =>
  admit(
    {
      scope: "pod",
      operation: "CREATE",
      kind: { group: "", version: "v1", kind: "Pod" },
      subResource: "",
      namespace: "tools",
      userGroups: [],
      pod,
    },
    { namespace: { labels: {}, annotations: {} }, installation: {} },
    defaultConfig,
  );

function patchOf(admission: Admission): readonly Operation[] {
  if (admission.action !== "inject") throw new Error(`not injected: ${JSON.stringify(admission)}`);
  return admission.patch;
}

const podWith = (container: object, annotations: object = {}): unknown => ({
  metadata: {
    name: "search",
    labels: { "outrigger.dev/inject": "enabled" },
    annotations: { "outrigger.dev/transport": "stdio", "outrigger.dev/container": "app", ...annotations },
  },
  spec: { containers: [{ name: "app", image: "x", command: ["node", "--", "server.js"], ...container }] },
});

const injectOnce = (container: object = {}, annotations: object = {}): unknown => {
  const pod = podWith(container, annotations);
  return applyPatch(pod, patchOf(run(pod)));
};

const repair = (pod: unknown): unknown => applyPatch(pod, patchOf(run(pod)));
const appOf = (pod: unknown, index = 0): unknown => readList(readMember(pod, "spec"), "containers")[index];
const initNames = (pod: unknown): (string | undefined)[] =>
  readList(readMember(pod, "spec"), "initContainers").map((each) => readText(each, "name"));
const annotate = (key: string, value: string): Operation => ({
  op: "add",
  path: `/metadata/annotations/outrigger.dev~1${key}`,
  value,
});

it("F-071 a pod whose command stands in its image alone is refused with the annotation to add, and taken with it", () => {
  const refused = run(podWith({ command: [] }));
  const text = refused.action === "deny" ? refused.message : "";
  const [, key = "", value = ""] = /(outrigger\.dev\/stdio-command)='(.+)'/.exec(text) ?? [];
  expect(refused).toMatchObject({ action: "deny", reason: "StdioCommandUnknown", code: 422 });
  const command = readList(appOf(injectOnce({ command: [] }, { [key]: value })), "command");
  expect(command.slice(command.indexOf("--") + 1)).toEqual(JSON.parse(value));
});

/** The pod without what its status records of the author's own. */
function withoutRecord(pod: unknown): unknown {
  const status = readText(readObject(readObject(pod, "metadata"), "annotations"), "outrigger.dev/status") ?? "";
  const value = Object.entries(parseObject(status) ?? {}).filter(([key]) => key !== "undo");
  return applyPatch(pod, [{ op: "replace", path: "/metadata/annotations/outrigger.dev~1status", value }]);
}

describe("a stdio server's pod in a second round", () => {
  it.each<[string, Operation]>([
    [
      "another command behind the socket",
      { op: "replace", path: "/spec/containers/0/command/2", value: "/tmp/x.sock" },
    ],
    ["more sessions", { op: "replace", path: "/spec/containers/0/command/4", value: "9999" }],
    ["a shim that the app may write", { op: "remove", path: "/spec/containers/0/volumeMounts/0/readOnly" }],
    ["a mount less", { op: "remove", path: "/spec/containers/0/volumeMounts/1" }],
    ["another installer", { op: "replace", path: "/spec/initContainers/1/image", value: "mine:1" }],
    ["an installer that goes on running", { op: "add", path: "/spec/initContainers/1/restartPolicy", value: "Always" }],
    ["a larger volume", { op: "replace", path: "/spec/volumes/3/emptyDir/sizeLimit", value: "1Gi" }],
    [
      "a volume of another kind",
      { op: "replace", path: "/spec/volumes/2", value: { name: "outrigger-shim", configMap: {} } },
    ],
    ["a terminal", { op: "add", path: "/spec/containers/0/tty", value: true }],
    ["a policy volume that shows other annotations", { op: "remove", path: "/spec/volumes/1/downwardAPI/items/0" }],
  ])("F-020 is put right after somebody gave it %s", (_name, operation) => {
    const pod = injectOnce();
    const repaired = repair(applyPatch(pod, [operation]));
    expect(run(repaired)).toMatchObject({ reason: "AlreadyInjected", patch: [] });
    const expected = operation.path.endsWith("/tty")
      ? applyPatch(pod, [{ ...operation, value: false } as Operation])
      : pod;
    // What the record says of a terminal is another matter: somebody wanted one.
    expect(withoutRecord(withSortedMounts(repaired))).toEqual(withoutRecord(withSortedMounts(expected)));
  });

  it("F-020 keeps the installer behind the sidecar when that moves to the front", () => {
    const disturbed = applyPatch(injectOnce(), [
      { op: "move", from: "/spec/initContainers/1", path: "/spec/initContainers/0" },
      { op: "add", path: "/spec/initContainers/0", value: { name: "late", image: "x" } },
    ]);
    const repaired = repair(disturbed);
    expect(initNames(repaired)).toEqual(["outrigger-sidecar", "late", "outrigger-shim-install"]);
    expect(run(repaired)).toMatchObject({ reason: "AlreadyInjected", patch: [] });
  });

  it("leaves variables alone that a known injector gave to the installer", () => {
    const pod = applyPatch(injectOnce(), [
      { op: "add", path: "/spec/initContainers/1/env", value: [{ name: "AWS_REGION", value: "x" }] },
    ]);
    expect(run(pod)).toMatchObject({ reason: "AlreadyInjected", patch: [] });
  });

  it("refuses a container that mounts the folder of the socket beside the server", () => {
    const mount = { name: "outrigger-run", mountPath: "/run/other" };
    const pod = applyPatch(injectOnce(), [
      { op: "add", path: "/spec/containers/-", value: { name: "spy", image: "x", volumeMounts: [mount] } },
    ]);
    expect(run(pod)).toMatchObject({ action: "deny", reason: "ReservedName" });
  });

  it("leads another container through the shim when the annotation names another, and gives the first one back", () => {
    const other = { name: "other", image: "x", command: ["other"] };
    const pod = applyPatch(injectOnce(), [
      { op: "add", path: "/spec/containers/-", value: other },
      annotate("container", "other"),
    ]);
    const repaired = repair(pod);
    expect(readList(appOf(repaired), "command")).toEqual(["node", "--", "server.js"]);
    expect(readList(appOf(repaired), "volumeMounts")).toEqual([]);
    expect(readMember(appOf(repaired), "readinessProbe")).toBeUndefined();
    expect(readList(appOf(repaired, 1), "command").at(-1)).toBe("other");
    expect(run(repaired)).toMatchObject({ reason: "AlreadyInjected", patch: [] });
  });

  it.each([
    ["its own command", {}, {}, ["node", "--", "server.js"]],
    ["no command where the annotation gave it one", { command: [] }, { "outrigger.dev/stdio-command": '["npx"]' }, []],
  ])("gives a container %s back when it turns to HTTP", (_name, container, annotations, command) => {
    const pod = applyPatch(injectOnce(container, annotations), [
      annotate("transport", "streamable-http"),
      annotate("port", "8080"),
    ]);
    const repaired = repair(pod);
    expect(readList(appOf(repaired), "command")).toEqual(command);
    expect(readList(appOf(repaired), "volumeMounts")).toEqual([]);
    expect(initNames(repaired)).toEqual(["outrigger-sidecar"]);
    expect(readList(readMember(repaired, "spec"), "volumes").map((each) => readText(each, "name"))).toEqual([
      "outrigger-no-token",
      "outrigger-config",
    ]);
  });
});

/** A mount that was put right stands behind the others; the order means nothing. */
function withSortedMounts(pod: unknown): unknown {
  const mounts = [...readList(appOf(pod), "volumeMounts")];
  const sorted = mounts.sort((a, b) => String(readText(a, "name")).localeCompare(String(readText(b, "name"))));
  return applyPatch(pod, [{ op: "replace", path: "/spec/containers/0/volumeMounts", value: sorted }]);
}
