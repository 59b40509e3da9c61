/** Decides what the new text of one part is worth: layers, nothing, or a refusal. Second stage: watch -> verify -> compile -> swap. */
import { parseQuickAnnotation } from "@outrigger/policy";
import { findConditionProblems } from "./engines.ts";
import { namePart, type Part, type PartState } from "./parts.ts";
import { readPolicyText } from "./read-document.ts";
import { verifyBundle, type ReadPart, type Trust } from "./verify-bundle.ts";

/** Verifies a text. The last good text of a part stays good, whatever comes after it. */
export async function verifyPart(
  { part, text }: { readonly part: Part; readonly text: string },
  before: PartState,
  trust: Trust | undefined,
): Promise<PartState> {
  // An absent annotation is an empty file. For a bundle that never came this is no refusal: nothing was given.
  if (part === "bundle" && text === "" && before.good === undefined) return { good: undefined, refused: undefined };
  const read = await readPart({ part, text }, before.good?.version, trust);
  if (!read.ok) return { good: before.good, refused: { reason: read.reason, problems: read.problems } };
  const problems = await findConditionProblems(read.layers);
  if (problems.length > 0)
    return {
      good: before.good,
      refused: { reason: part === "bundle" ? "BundleMalformed" : "PolicyInvalid", problems },
    };
  const { layers, version, assertionKeys } = read;
  const good = {
    layers,
    ...(version === undefined ? {} : { version }),
    ...(assertionKeys === undefined ? {} : { assertionKeys }),
  };
  return { good, refused: undefined };
}

function readPart(
  { part, text }: { readonly part: Part; readonly text: string },
  versionInForce: number | undefined,
  trust: Trust | undefined,
): ReadPart | Promise<ReadPart> {
  if (part === "file") return readFilePart(text);
  if (part !== "bundle") return readQuickPart(part, text);
  if (text === "") return { ok: false, reason: "BundleMalformed", problems: ["the bundle was taken away"] };
  if (trust === undefined)
    return { ok: false, reason: "BundleSignatureInvalid", problems: ["there is no key to verify the bundle with"] };
  return verifyBundle(text, trust, versionInForce);
}

async function readFilePart(text: string): Promise<ReadPart> {
  const read = await readPolicyText(text);
  return read.ok
    ? { ok: true, layers: [read.document] }
    : { ok: false, reason: "PolicyInvalid", problems: read.problems };
}

function readQuickPart(part: Exclude<Part, "bundle" | "file">, text: string): ReadPart {
  if (text === "") return { ok: true, layers: [] };
  const read = parseQuickAnnotation(part, text);
  return read.ok
    ? { ok: true, layers: [read.value] }
    : { ok: false, reason: "PolicyInvalid", problems: [`${namePart(part)}: expected ${read.expected}`] };
}
