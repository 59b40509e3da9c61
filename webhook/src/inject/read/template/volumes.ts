/** Volumes of a sidecar template and where the sidecar mounts them: kinds that the restricted standard allows, beside what is ours. */
import { podInfo } from "@outrigger/api/bundle";
import { shimPaths } from "@outrigger/api/shim";
import { reservedPrefix } from "../../build/names.ts";
import { ourVolumes, tokenFolder } from "../../build/volumes.ts";
import { isObject, readList, readMember, readObject, readText, type JsonObject } from "../json.ts";
import { readItems, readMembers, type Place, type Report } from "./problems.ts";

const kinds = ["configMap", "csi", "downwardAPI", "emptyDir", "projected", "secret"];

/** What every volume of these kinds has. Source: Kubernetes API, defaults of core v1. */
const fileMode = { defaultMode: 0o644 };

/** Reads the volumes, with what the API server would fill in written out. */
export function readVolumes(value: unknown, path: Place, report: Report): readonly JsonObject[] {
  return readItems(value, { path, key: "name" }, report).map((volume, index) => {
    const at = [...path, index];
    const name = readText(volume, "name") ?? "";
    if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name) || !name.startsWith(reservedPrefix))
      report([...at, "name"], `a name such as ${reservedPrefix}ca: then no pod has a volume of that name`);
    else if (ourVolumes.includes(name)) report([...at, "name"], "another name: this one is of the sidecar's own");
    const members = readMembers(volume, { path: at, known: ["name", ...kinds] }, report);
    const found = kinds.filter((kind) => readMember(members, kind) !== undefined);
    const [kind, ...more] = found;
    if (kind === undefined || more.length > 0) report(at, `one of ${kinds.join(", ")}`);
    return { ...members, ...Object.fromEntries(found.map((each) => [each, fillIn(each, readMember(members, each))])) };
  });
}

function fillIn(kind: string, source: unknown): unknown {
  if (!isObject(source) || kind === "csi" || kind === "emptyDir") return source;
  const filled = { ...fileMode, ...source };
  if (kind === "downwardAPI") return { ...filled, ...fillItems(source) };
  if (kind !== "projected") return filled;
  return {
    ...filled,
    sources: readList(source, "sources").map((each) => (isObject(each) ? fillProjection(each) : each)),
  };
}

function fillProjection(source: JsonObject): JsonObject {
  const token = readMember(source, "serviceAccountToken");
  const downward = readMember(source, "downwardAPI");
  return {
    ...source,
    ...(isObject(token) ? { serviceAccountToken: { expirationSeconds: 3_600, ...token } } : {}),
    ...(isObject(downward) ? { downwardAPI: { ...downward, ...fillItems(downward) } } : {}),
  };
}

function fillItems(source: JsonObject): JsonObject {
  if (!Array.isArray(readMember(source, "items"))) return {};
  const items = readList(source, "items").map((item) =>
    isObject(item) && readMember(item, "fieldRef") !== undefined
      ? { ...item, fieldRef: { apiVersion: "v1", ...readObject(item, "fieldRef") } }
      : item,
  );
  return { items };
}

/** Where the sidecar finds its program, what it runs on and what it is told. */
const ownPaths = [
  "/app",
  "/bin",
  "/etc/passwd",
  "/lib",
  "/lib64",
  "/proc",
  "/sbin",
  "/usr",
  podInfo.folder,
  shimPaths.runFolder,
  tokenFolder,
];

/** Reads the mounts. `volumes`: names that the template has. */
export function readMounts(
  value: unknown,
  { path, volumes }: { readonly path: Place; readonly volumes: readonly string[] },
  report: Report,
): readonly JsonObject[] {
  return readItems(value, { path, key: "mountPath" }, report).map((mount, index) => {
    const at = [...path, index];
    readMembers(mount, { path: at, known: ["name", "mountPath", "subPath", "readOnly"] }, report);
    const folder = normalize(readText(mount, "mountPath") ?? "");
    if (!/^\/[!-9;-~]{0,255}$/.test(folder) || folder.includes("..")) report([...at, "mountPath"], "an absolute path");
    else if (ownPaths.some((own) => isWithin(folder, own) || isWithin(own, folder)))
      report([...at, "mountPath"], "a folder apart from the sidecar's own program and files");
    if (!volumes.includes(readText(mount, "name") ?? "")) report([...at, "name"], "a volume of the template");
    // The API server leaves false out.
    return Object.fromEntries(Object.entries(mount).filter(([key, member]) => key !== "readOnly" || member === true));
  });
}

const normalize = (path: string): string => path.replace(/\/+/g, "/").replace(/(?<=.)\/$/, "");

const isWithin = (inner: string, outer: string): boolean =>
  inner === outer || inner.startsWith(outer === "/" ? outer : `${outer}/`);
