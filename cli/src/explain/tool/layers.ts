/**
 * The layers of policy that a server's sidecar puts together, each with where it is from: of a policy file, or of a pod as its annotations
 * and the sidecar's variables stand. What a sidecar would refuse is refused here, for the same reason.
 */
import { bundleType, quickKeys, readBundlePayload, type QuickKey } from "@outrigger/api/bundle";
import { keys } from "@outrigger/api/keys";
import type { Reason } from "@outrigger/api/reasons";
import type { FileProblem } from "@outrigger/api/server-file";
import { parsePolicyDocument, parseQuickAnnotation, parseQuickPolicy, type PolicyDocument } from "@outrigger/policy";
import { checkConditions } from "@outrigger/policy/conditions";
import { readJwks, verifyCompactSync } from "@outrigger/runtime/jws";
import { parseObject, readObject, readText } from "@outrigger/webhook/inject";
import { findSidecar, readVariable } from "../injection-facts.ts";

/** One layer. `origin` says where it is from, as a phrase. */
export interface NamedLayer {
  readonly origin: string;
  readonly document: PolicyDocument;
}

/** The layers that count. `denied`: nothing passes, for this reason, whatever layers there are. */
export interface ReadLayers {
  readonly layers: readonly NamedLayer[];
  readonly denied?: { readonly reason: Extract<Reason, "PolicyMissing" | "PolicyInvalid">; readonly why: string };
}

/** Reads the value of a policy file: its layer, or every problem. */
export function readPolicyFile(
  value: unknown,
  file: string,
):
  | { readonly ok: true; readonly layers: readonly NamedLayer[] }
  | { readonly ok: false; readonly problems: readonly FileProblem[] } {
  // An empty file must not look like one that allows all.
  if (value === undefined || value === null) return { ok: false, problems: [emptyFile] };
  const read = parsePolicyDocument(value);
  if (!read.ok) return read;
  const problems = checkConditions(read.document);
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, layers: [{ origin: `policy file ${file}`, document: read.document }] };
}

const emptyFile: FileProblem = { path: [], expected: "a policy; {} allows everything" };

/** Reads the layers of a pod that carries the sidecar. Values that can't be read deny, as they do at a sidecar's start. */
export function readPodLayers(pod: unknown, server: { readonly namespace: string; readonly name: string }): ReadLayers {
  const annotations = readObject(readObject(pod, "metadata"), "annotations");
  const sidecar = findSidecar(pod);
  const trust = readVariable(sidecar, "OUTRIGGER_TRUST_KEYS");
  const parts = [
    // Without keys to verify it with nobody reads the annotation.
    ...(trust === undefined ? [] : [readBundle(readText(annotations, keys.policy.key) ?? "", unescape(trust), server)]),
    readFloor(readVariable(sidecar, "OUTRIGGER_QUICK_POLICY")),
    ...quickKeys.map((name) => readQuick(name, readText(annotations, keys[name].key) ?? "")),
  ];
  const denied = parts.find((part) => part.denied !== undefined)?.denied;
  return { layers: parts.flatMap(({ layers }) => layers), ...(denied === undefined ? {} : { denied }) };
}

const missing = (why: string): ReadLayers => ({ layers: [], denied: { reason: "PolicyMissing", why } });
const invalid = (why: string): ReadLayers => ({ layers: [], denied: { reason: "PolicyInvalid", why } });

function readBundle(
  text: string,
  trust: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): ReadLayers {
  const where = `annotation ${keys.policy.key}`;
  if (text === "") return missing(`${where} is not there: the operator has not signed a policy yet`);
  const trusted = readJwks(parseObject(trust));
  if (trusted === undefined) return missing("the sidecar's trust keys can't be read");
  const verified = verifyCompactSync(text, { keys: trusted, type: bundleType });
  if (!verified.ok) return missing(`${where} is refused: ${verified.message}`);
  const payload = readBundlePayload(parseObject(Buffer.from(verified.payload).toString("utf8")));
  if (!payload.ok) return missing(`${where} is refused: expected ${payload.expected}`);
  const { audience, layers } = payload.value;
  if (audience.namespace !== namespace || (audience.server ?? name) !== name)
    return missing(`${where} is meant for ${[audience.namespace, audience.server].filter(Boolean).join("/")}`);
  const read = layers.map((layer) => parsePolicyDocument(layer));
  if (read.some((each) => !each.ok)) return missing(`${where} has a layer that this version can't read`);
  const documents = read.flatMap((each) => (each.ok ? [each.document] : []));
  const count = documents.length;
  return {
    layers: documents.map((document, index) => ({
      origin: count === 1 ? "the signed policy" : `the signed policy, layer ${index + 1} of ${count}`,
      document,
    })),
  };
}

/** What the namespace's annotations narrowed at admission; it stands in the sidecar's variable for the pod's life. */
function readFloor(text: string | undefined): ReadLayers {
  if (text === undefined) return { layers: [] };
  const read = parseQuickPolicy(parseObject(unescape(text)));
  if (!read.ok) return invalid("the sidecar's OUTRIGGER_QUICK_POLICY can't be read");
  return { layers: read.layers.map((document) => ({ origin: "the namespace's annotations at admission", document })) };
}

function readQuick(name: QuickKey, text: string): ReadLayers {
  if (text === "") return { layers: [] };
  const { key } = keys[name];
  const read = parseQuickAnnotation(name, text);
  if (!read.ok) return invalid(`annotation ${key}: expected ${read.expected}`);
  return { layers: [{ origin: `annotation ${key} of the pod`, document: read.value }] };
}

/** A dollar sign that is meant as one is written twice in a variable. Source: Kubernetes, "Dependent Environment Variables". */
const unescape = (text: string): string => text.replaceAll("$$", "$");
