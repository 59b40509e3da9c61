/**
 * Decides whether a bundle may be put in force: signed by a pinned key, meant for this server, not older than the one in force,
 * and made of layers that can be read to the last member. What is refused here changes nothing.
 */
import { bundleLimits, bundleType, readBundlePayload, type BundlePayload } from "@outrigger/api/bundle";
import { parsePolicyDocument, type PolicyDocument } from "@outrigger/policy";
import { readJwks, verifyCompact, type Jwks, type VerifiedJws } from "@outrigger/runtime/jws";
import type { GoodPart, RefusalReason, RefusedPart } from "./parts.ts";
import { describeProblems } from "./read-document.ts";

/** Whose bundles are taken, and as whom. */
export interface Trust {
  readonly keys: Jwks;
  readonly namespace: string;
  readonly server: string;
}

/** Layers, or why there are none. */
export type ReadPart = ({ readonly ok: true } & GoodPart) | ({ readonly ok: false } & RefusedPart);

const refuse = (reason: RefusalReason, ...problems: readonly string[]): ReadPart => ({ ok: false, reason, problems });

/** Verifies the text of a bundle. `versionInForce`: of the last one that was taken, if any. */
export async function verifyBundle(text: string, trust: Trust, versionInForce: number | undefined): Promise<ReadPart> {
  // Before anything else, so that an oversized text costs nothing more.
  if (text.length > bundleLimits.maxChars)
    return refuse("BundleMalformed", `the bundle is longer than ${bundleLimits.maxChars} characters`);
  const verified = await verifyCompact(text, { keys: trust.keys, type: bundleType });
  if (!verified.ok) return refuse(reasons[verified.problem], `the bundle is refused: ${verified.message}`);
  const payload = readPayload(verified.payload);
  if (typeof payload === "string") return refuse("BundleMalformed", `the bundle is refused: expected ${payload}`);
  const { audience, version } = payload;
  if (audience.namespace !== trust.namespace || (audience.server ?? trust.server) !== trust.server) {
    const meant = [audience.namespace, audience.server].filter((name) => name !== undefined).join("/");
    return refuse(
      "BundleAudienceWrong",
      `the bundle is meant for ${meant}, this is ${trust.namespace}/${trust.server}`,
    );
  }
  if (versionInForce !== undefined && version < versionInForce)
    return refuse("BundleOutdated", `the bundle has version ${version}, in force is ${versionInForce}`);
  return readLayers(payload);
}

const reasons = {
  malformed: "BundleMalformed",
  untrusted: "BundleSignatureInvalid",
} as const satisfies Record<Extract<VerifiedJws, { ok: false }>["problem"], RefusalReason>;

/** The payload, or what was expected of it. */
function readPayload(bytes: Uint8Array): BundlePayload | string {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return "JSON";
  }
  const read = readBundlePayload(value);
  return read.ok ? read.value : read.expected;
}

function readLayers({ layers, version, assertionKeys }: BundlePayload): ReadPart {
  const keys = assertionKeys === undefined ? undefined : readJwks({ keys: assertionKeys });
  if (assertionKeys !== undefined && keys === undefined)
    return refuse(
      "BundleMalformed",
      "the bundle is refused: expected assertionKeys to be public Ed25519 keys, each with a kid",
    );
  const documents: PolicyDocument[] = [];
  const problems: string[] = [];
  for (const [index, layer] of layers.entries()) {
    const read = parsePolicyDocument(layer);
    if (read.ok) documents.push(read.document);
    else problems.push(...describeProblems(read.problems).map((problem) => `layer ${index}: ${problem}`));
  }
  if (problems.length > 0) return refuse("BundleMalformed", ...problems);
  return { ok: true, layers: documents, version, ...(keys === undefined ? {} : { assertionKeys: keys }) };
}
