/** Sets one annotation of one pod and touches nothing else of it. */
import { resources, type ApiFailure, type Objects } from "@outrigger/kube";

/** The pod, by its uid: one of the same name that came later is another pod. */
export interface PodIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Sets the annotation. A pod that is gone is no failure; another one of its name is `invalid`. */
export async function annotatePod(
  objects: Objects,
  { namespace, name, uid }: PodIdentity,
  { key, value }: { readonly key: string; readonly value: string },
): Promise<ApiFailure | undefined> {
  const path = `/metadata/annotations/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  const patched = await objects.jsonPatch({ resource: resources.pods, namespace, name }, [
    { op: "test", path: "/metadata/uid", value: uid },
    { op: "add", path, value },
  ]);
  return patched.ok || patched.failure.kind === "notFound" ? undefined : patched.failure;
}
