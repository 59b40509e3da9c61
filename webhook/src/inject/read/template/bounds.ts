/** Resources and rights of a sidecar template: resources beside CPU and memory, rights no wider than the restricted standard's. */
import { isObject, readList, readMember, readObject, readText, type JsonObject } from "../json.ts";
import { isSameQuantity, readQuantity } from "../quantity.ts";
import { readMembers, type Place, type Report } from "./problems.ts";

const ownSettings =
  "no amount here: annotations and injection.defaults say it, such as sidecarCpuLimit and sidecarMemoryLimit";

/** Reads limits and requests. */
export function readResources(value: unknown, path: Place, report: Report): JsonObject {
  const refused = { claims: "no claims: the sidecar uses no devices" };
  const resources = readMembers(value, { path, known: ["limits", "requests"], refused }, report);
  for (const kind of ["limits", "requests"]) {
    for (const [name, amount] of Object.entries(readObject(resources, kind))) {
      const at = [...path, kind, name];
      if (name === "cpu" || name === "memory") report(at, ownSettings);
      else if (name !== "ephemeral-storage" && !isExtended(name))
        report(at, "ephemeral-storage or a resource such as example.com/lane");
      else if ((readQuantity(amount) ?? -1) < 0) report(at, 'a quantity such as "64Mi"');
    }
  }
  checkPairs(resources, path, report);
  return resources;
}

const isExtended = (name: string): boolean =>
  /^[a-z0-9.-]+\/[A-Za-z0-9._-]+$/.test(name) && !/(^|\.)kubernetes\.io\//.test(name);

function checkPairs(resources: JsonObject, path: Place, report: Report): void {
  const [limits, requests] = [readObject(resources, "limits"), readObject(resources, "requests")];
  for (const [name, request] of Object.entries(requests)) {
    const limit = readMember(limits, name);
    if (isExtended(name) && !isSameQuantity(limit, request))
      report([...path, "requests", name], "the amount of its limit, as Kubernetes asks of such resources");
    else if ((readQuantity(request) ?? 0) > (readQuantity(limit) ?? Number.POSITIVE_INFINITY))
      report([...path, "requests", name], "at most the amount of its limit");
  }
}

const fixed: Readonly<Record<string, { readonly isRight: (value: unknown) => boolean; readonly expected: string }>> = {
  allowPrivilegeEscalation: { isRight: (value) => value === false, expected: "false" },
  privileged: { isRight: (value) => value === false, expected: "false" },
  readOnlyRootFilesystem: { isRight: (value) => value === true, expected: "true" },
  runAsNonRoot: { isRight: (value) => value === true, expected: "true" },
  runAsUser: { isRight: isUser, expected: "the id of a user that is not root" },
  runAsGroup: { isRight: isUser, expected: "the id of a group that is not root's" },
  capabilities: {
    isRight: (value) => readList(value, "drop").includes("ALL") && isObject(value) && Object.keys(value).length === 1,
    expected: 'drop: ["ALL"] and nothing more',
  },
  seccompProfile: {
    isRight: (value) => isProfile(value, "localhostProfile"),
    expected: "type RuntimeDefault or Localhost",
  },
  appArmorProfile: {
    isRight: (value) => isProfile(value, "localhostProfile"),
    expected: "type RuntimeDefault or Localhost",
  },
  seLinuxOptions: { isRight: isSeLinux, expected: "level, or a type of containers such as container_t" },
};

/** Reads a security context whose every member is as strict as the restricted Pod Security Standard, or stricter. */
export function readSecurity(value: unknown, path: Place, report: Report): JsonObject {
  const members = readMembers(value, { path, known: Object.keys(fixed) }, report);
  for (const [key, member] of Object.entries(members)) {
    const rule = Object.hasOwn(fixed, key) ? fixed[key] : undefined;
    if (rule !== undefined && !rule.isRight(member))
      report([...path, key], `${rule.expected}: the sidecar keeps the restricted standard`);
  }
  return members;
}

function isUser(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function isProfile(value: unknown, file: string): boolean {
  const type = readText(value, "type");
  return type === "RuntimeDefault" || (type === "Localhost" && readText(value, file) !== undefined);
}

/** Source: Pod Security Standards, SELinux of the baseline. */
function isSeLinux(value: unknown): boolean {
  const types = ["container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
  const type = readText(value, "type");
  return (
    isObject(value) &&
    Object.keys(value).every((key) => key === "level" || key === "type") &&
    (type === undefined || types.includes(type))
  );
}
