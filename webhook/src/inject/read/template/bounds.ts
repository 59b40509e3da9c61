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
      const expected = findExpected(name, amount);
      if (expected !== undefined) report([...path, kind, name], expected);
    }
  }
  checkPairs(resources, path, report);
  return resources;
}

/** What would be right in the place of an amount; undefined where it is right. */
function findExpected(name: string, amount: unknown): string | undefined {
  if (name === "cpu" || name === "memory") return ownSettings;
  if (name.startsWith("hugepages-")) return "no huge pages: the sidecar uses none";
  if (name !== "ephemeral-storage" && !isExtended(name))
    return "ephemeral-storage or a resource such as example.com/lane";
  const number = readQuantity(amount) ?? -1;
  if (number < 0) return 'a quantity such as "64Mi"';
  const isWhole = !isExtended(name) || Number.isInteger(number);
  return isWhole ? undefined : "a whole number, as Kubernetes asks of such resources";
}

/** Source: Kubernetes, IsExtendedResourceName. Quotas count such a resource as `requests.<name>`, which has to be a name, too. */
function isExtended(name: string): boolean {
  const label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
  const isName = new RegExp(`^${label}(\\.${label})*/[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$`).test(name);
  const isNative = name.includes("kubernetes.io/") || name.startsWith("requests.");
  return isName && !isNative && `requests.${name}`.indexOf("/") <= 253;
}

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
