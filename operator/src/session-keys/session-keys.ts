/** The duty "session-keys": aggregators have keys to seal sessions with, which are replaced in time. Decisions are in reconcile.ts. */
import { randomBytes } from "node:crypto";
import { resources, type Objects, type RawSecret } from "@outrigger/kube";
import type { Logger } from "@outrigger/runtime/logger";
import { managedBy } from "../cluster/network-policy.ts";
import type { DutyResult } from "../duty.ts";
import {
  decideSessionKeys,
  readSessionKeys,
  stepSessionKeys,
  toSessionKeyData,
  type ObservedKeys,
  type SessionKeyTimes,
} from "./reconcile.ts";

/** What the duty works with. */
export interface SessionKeyParts {
  readonly objects: Objects;
  readonly namespace: string;
  /** Name of the Secret. */
  readonly name: string;
  readonly times: SessionKeyTimes;
  readonly nowMs: () => number;
  readonly logger: Logger;
}

const checkMs = 60_000;
const keyBytes = 32;

/** Creates one run of the duty. Somebody else's write in between is a conflict, after which another round decides anew. */
export function createSessionKeyRun(parts: SessionKeyParts): () => Promise<DutyResult> {
  const { objects, namespace, name, times, nowMs, logger } = parts;
  return async () => {
    const read = await objects.get({ resource: resources.secrets, namespace, name });
    if (!read.ok && read.failure.kind !== "notFound") return { problems: [read.failure.message] };
    const observed: ObservedKeys = read.ok ? readSessionKeys(read.object) : { kind: "absent" };
    const step = decideSessionKeys(observed, nowMs(), times);
    if (step !== "keep") {
      const make = (): string => randomBytes(keyBytes).toString("base64");
      const data = toSessionKeyData(stepSessionKeys(observed, step, { nowMs: nowMs(), make }));
      const written = await write(parts, observed, data);
      if (!written.ok) return { problems: [written.failure.message] };
      logger.info({ step }, "the keys that seal sessions changed");
    }
    return { problems: [], nextMs: Math.min(checkMs, times.announceMs) };
  };
}

function write(
  { objects, namespace, name }: SessionKeyParts,
  observed: ObservedKeys,
  data: Readonly<Record<string, string>>,
) {
  if (observed.kind === "absent") {
    const labels = { [managedBy.label]: managedBy.value };
    const secret: RawSecret = { metadata: { name, labels }, type: "Opaque", data };
    return objects.create({ resource: resources.secrets, namespace }, secret);
  }
  const { resourceVersion } = observed;
  return objects.mergePatch({ resource: resources.secrets, namespace, name }, { metadata: { resourceVersion }, data });
}
