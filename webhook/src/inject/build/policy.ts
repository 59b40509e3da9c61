/**
 * Which signed policy a pod begins with, as its annotation says it. Signatures are the sidecar's to verify: what is wrongly
 * chosen here is denied there, so this only has to see to it that nobody begins with an older policy than the current one.
 */
import { readBundlePayload, type BundlePayload } from "@outrigger/api/bundle";
import { keys } from "@outrigger/api/keys";
import type { InstallationState } from "../installation.ts";
import type { Warning } from "../outcome.ts";
import { parseObject, readText } from "../read/json.ts";
import type { PodView } from "../read/pod.ts";

/** The annotation as it is to be; undefined where there is none. */
export interface ChosenPolicy {
  readonly value: string | undefined;
  readonly warnings: readonly Warning[];
}

/** What the choice looks at besides the pod. */
export interface PolicyContext {
  readonly installation: InstallationState;
  readonly namespace: string;
  readonly serverName: string;
  readonly wasInjected: boolean;
}

const pending: Warning = {
  reason: "PolicyPending",
  text: "the namespace has no signed policy yet: the sidecar denies everything until one comes",
};

/** Chooses. Without trust keys nobody reads the annotation, so there is none. */
export function choosePolicy(pod: PodView, context: PolicyContext): ChosenPolicy {
  const { trustKeys, bundle } = context.installation;
  if (trustKeys === undefined) return { value: undefined, warnings: [] };
  const given = readText(pod.annotations, keys.policy.key);
  // Nothing vouches for a given bundle that can't be compared: it may be an old one that allowed more.
  if (bundle === undefined) return { value: undefined, warnings: [pending] };
  return { value: given !== undefined && isKept(given, bundle, context) ? given : bundle, warnings: [] };
}

/**
 * The operator may have given an injected pod its server's bundle, or a newer one than this replica has seen, before another
 * round reaches it. Being injected alone keeps nothing, since anybody can copy an injected pod: its bundle must be as new.
 */
function isKept(given: string, bundle: string, { namespace, serverName, wasInjected }: PolicyContext): boolean {
  const [theirs, ours] = [readPayload(given), readPayload(bundle)];
  if (!wasInjected || theirs === undefined) return false;
  const { audience, version } = theirs;
  const isFor = audience.namespace === namespace && (audience.server ?? serverName) === serverName;
  return isFor && version >= (ours?.version ?? 0);
}

/** The payload of a compact JWS, unverified. Source: RFC 7515 section 7.1. */
function readPayload(bundle: string): BundlePayload | undefined {
  const [, payload, , ...more] = bundle.split(".");
  if (payload === undefined || more.length > 0) return undefined;
  const read = readBundlePayload(parseObject(Buffer.from(payload, "base64url").toString("utf8")));
  return read.ok ? read.value : undefined;
}
