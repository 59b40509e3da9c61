/**
 * What a sidecar tells where its policy looks at callers: who may vouch for one, and by what whoever lists for many callers decides what
 * each of them sees. Shapes and their readers; what a policy means is decided in packages/policy.
 */

/**
 * Where what is visible depends on who calls. `digest`: of the catalogue with everything that some caller may see; `policy`: the hash of
 * the policy that says which of it a caller may see.
 */
export interface FeedCallers {
  readonly digest: string;
  readonly policy: string;
}

/** The part of a policy that decides what a caller may see. Each `document` is a layer as people write it. */
export interface VisiblePolicy {
  readonly format: 1;
  readonly hash: string;
  readonly layers: readonly {
    readonly document: Readonly<Record<string, unknown>>;
    /** True for layers of annotations, whose allow lists are no consent. */
    readonly onlyNarrows?: true;
  }[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Whether a text is a sha256 in hex. */
export const isDigest = (value: unknown): boolean => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);

/** Whether a state says what it says of callers in this form; what is absent is. */
export function tellsCallers({ callers, vouchers }: Fields): boolean {
  const areCallers =
    callers === undefined || (isRecord(callers) && isDigest(callers["digest"]) && isDigest(callers["policy"]));
  const isText = (id: unknown): boolean => typeof id === "string";
  return areCallers && (vouchers === undefined || (Array.isArray(vouchers) && vouchers.every(isText)));
}

/** Reads an answer of the policy path; undefined where it is not one. */
export function readVisiblePolicy(value: unknown): VisiblePolicy | undefined {
  if (!isRecord(value) || value["format"] !== 1 || !isDigest(value["hash"])) return undefined;
  const { layers } = value;
  const areLayers = Array.isArray(layers) && layers.every((layer) => isRecord(layer) && isRecord(layer["document"]));
  // Documents are read by who decides by them.
  return areLayers ? (value as unknown as VisiblePolicy) : undefined;
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
