/**
 * Finds whom a person would look at for a pod: the Deployment rather than its ReplicaSet, the CronJob rather than its Job, the
 * pod itself where nobody owns it. Remembers what it asked for, within a bound.
 */
import { resources, type Objects, type RawOwner, type RawReference, type Resource } from "@outrigger/kube";

import { readIdentity } from "./identity.ts";

/** A pod as far as its owner is concerned. */
export interface Owned {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: RawOwner | undefined;
}

/** Finds owners. Never rejects: what can't be asked for leaves the nearest owner that is known. */
export interface Owners {
  readonly ofPod: (pod: Owned) => Promise<RawReference>;
  /** The one above a ReplicaSet or Job, or itself. */
  readonly above: (reference: RawReference) => Promise<RawReference>;
}

const limit = 4_096;
const kindsBetween: Readonly<Record<string, Resource>> = { ReplicaSet: resources.replicaSets, Job: resources.jobs };

/** Creates the finder. */
export function createOwners(objects: Objects): Owners {
  const known = new Map<string, RawReference>();

  const ask = async (reference: RawReference, resource: Resource): Promise<RawReference> => {
    const { namespace = "", name = "", uid = "" } = reference;
    const read = await objects.get({ resource, namespace, name });
    // Asked again next time where the answer may be another one then.
    if (!read.ok) return reference;
    const found = toReference(readIdentity(read.object)?.controller, namespace) ?? reference;
    known.set(uid, found);
    const [oldest] = known.keys();
    if (known.size > limit && oldest !== undefined) known.delete(oldest);
    return found;
  };

  const above = async (reference: RawReference): Promise<RawReference> => {
    const resource = kindsBetween[reference.kind ?? ""];
    if (resource === undefined) return reference;
    return known.get(reference.uid ?? "") ?? ask(reference, resource);
  };

  return {
    above,
    ofPod: ({ namespace, name, uid, controller }) => {
      const owner = toReference(controller, namespace);
      return owner === undefined
        ? Promise.resolve({ apiVersion: "v1", kind: "Pod", namespace, name, uid })
        : above(owner);
    },
  };
}

function toReference(owner: RawOwner | undefined, namespace: string): RawReference | undefined {
  if (owner === undefined) return undefined;
  const { apiVersion = "", kind = "", name = "", uid = "" } = owner;
  return { apiVersion, kind, namespace, name, uid };
}
