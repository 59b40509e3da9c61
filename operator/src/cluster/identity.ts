/** Name and labels of a raw object with nothing left open. Pure. */
import type { RawObject, RawOwner } from "@outrigger/kube";

/** What every reader of objects in namespaces needs. */
export interface Identity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Who manages the object. */
  readonly controller: RawOwner | undefined;
}

/** Reads it; undefined where the object has no name or no namespace. */
export function readIdentity({ metadata }: RawObject): Identity | undefined {
  if (metadata?.name === undefined || metadata.namespace === undefined) return undefined;
  const { name, namespace, uid = "", labels = {}, annotations = {}, ownerReferences = [] } = metadata;
  const controller = ownerReferences.find((owner) => owner.controller === true);
  return { namespace, name, uid, labels, annotations, controller };
}
