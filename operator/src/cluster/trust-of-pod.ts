/** What a pod says of signatures: the keys that its sidecar pins, and the version of the policy that it carries. Pure. */
import { readBundlePayload } from "@outrigger/api/bundle";

/** The ids of a JWKS; none where the text is not one. */
export function readPinnedKeys(text: string | undefined): readonly string[] {
  const { keys } = (readJson(text ?? "") ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys)) return [];
  return keys.flatMap((key: unknown) => {
    const { kid } = (key ?? {}) as { kid?: unknown };
    return typeof kid === "string" ? [kid] : [];
  });
}

/** The version that a bundle claims, signature unseen; undefined where the text is no bundle. */
export function readBundleVersion(text: string): number | undefined {
  const payload = readBundlePayload(readJson(Buffer.from(text.split(".")[1] ?? "", "base64url").toString("utf8")));
  return payload.ok ? payload.value.version : undefined;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
