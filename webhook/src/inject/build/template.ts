/**
 * What an installation adds to containers of ours. The merge is Kubernetes' own, with its keys for lists: variables by name, ports by
 * number, mounts by path. What is there already is never replaced: read/template refuses such templates.
 */
import type { SidecarTemplate } from "../config.ts";
import { readList, readObject, type JsonObject } from "../read/json.ts";

const lists = ["env", "ports", "volumeMounts"] as const;

/** The sidecar with everything that the template adds. */
export function extendSidecar(sidecar: JsonObject, template: SidecarTemplate): JsonObject {
  const { container } = template;
  const added = lists.filter((key) => readList(container, key).length > 0);
  return {
    ...extendBounds(sidecar, template),
    ...Object.fromEntries(added.map((key) => [key, [...readList(sidecar, key), ...readList(container, key)]])),
  };
}

/** Any container of ours with what the template says of resources and rights, which cluster rules may ask of every container. */
export function extendBounds(ours: JsonObject, { container }: SidecarTemplate): JsonObject {
  const [resources, security] = [readObject(container, "resources"), readObject(container, "securityContext")];
  const planned = readObject(ours, "resources");
  const merged = Object.fromEntries(
    ["limits", "requests"].map((kind) => [kind, { ...readObject(planned, kind), ...readObject(resources, kind) }]),
  );
  return {
    ...ours,
    ...(Object.keys(resources).length === 0 ? {} : { resources: merged }),
    ...(Object.keys(security).length === 0
      ? {}
      : { securityContext: { ...readObject(ours, "securityContext"), ...security } }),
  };
}
