/**
 * First stage of a review: bytes to request, or the plain HTTP answer for what is no review. Parses by itself, since a
 * framework's parser changes keys. Next stage: review.ts for pods, validate.ts for what pods come from.
 */
import type { InjectionRequest } from "../inject/decide.ts";
import type { Scope } from "../inject/outcome.ts";
import { isObject, readList, readMember, readObject, readText, type JsonObject } from "../inject/read/json.ts";
import { findExcess } from "./bounds.ts";

/** Two objects of up to 3 MiB, and room for the review around them. */
export const maxBodyBytes = 7 * 1024 * 1024;

/** A review as it came, with what the answer must repeat. */
export interface Review {
  readonly apiVersion: string;
  readonly kind: string;
  readonly uid: string;
  readonly isDryRun: boolean;
  /** The member `request`, raw. */
  readonly request: JsonObject;
}

/** The review, or why there is none: always the caller's mistake, HTTP 400. */
export type Received =
  { readonly ok: true; readonly review: Review } | { readonly ok: false; readonly problem: string };

/** The two versions have one form; a webhook that was registered for one is never asked in another. */
const apiVersions: readonly string[] = ["admission.k8s.io/v1", "admission.k8s.io/v1beta1"];
const kind = "AdmissionReview";

/** A UUID has 36. Answers repeat it. */
const maxUidLength = 256;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads the body of a POST. Never throws. */
export function receive(body: Uint8Array): Received {
  if (body.length === 0) return refuse("the body is empty");
  const excess = findExcess(body);
  if (excess !== undefined) return refuse(excess);
  const value = parseBody(body);
  return value === undefined ? refuse("the body is not a JSON object in UTF-8") : readReview(value);
}

const refuse = (problem: string): Received => ({ ok: false, problem });

/** A review that names neither version nor kind is taken for the one that everybody sends. */
function readReview(value: JsonObject): Received {
  const apiVersion = readMember(value, "apiVersion") ?? apiVersions[0];
  if (typeof apiVersion !== "string" || !apiVersions.includes(apiVersion))
    return refuse(`apiVersion: expected ${apiVersions.join(" or ")}`);
  if ((readMember(value, "kind") ?? kind) !== kind) return refuse(`kind: expected ${kind}`);
  const request = readMember(value, "request");
  const uid = readText(request, "uid") ?? "";
  if (uid === "" || !isObject(request)) return refuse("request.uid is missing");
  if (uid.length > maxUidLength) return refuse(`request.uid: expected at most ${maxUidLength} characters`);
  return { ok: true, review: { apiVersion, kind, uid, isDryRun: readMember(request, "dryRun") === true, request } };
}

function parseBody(body: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(body));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What the request of a review asks for a pod on the path of one scope. */
export function readInjection({ request }: Review, scope: Scope): InjectionRequest {
  const groups = readList(readMember(request, "userInfo"), "groups");
  const { operation, subResource, namespace, ...change } = readChange(request);
  return {
    ...{ scope, operation, subResource, namespace, kind: change.kind, pod: change.object },
    userGroups: groups.filter((group) => typeof group === "string"),
  };
}

/** What happens to which object. Members that are missing are empty; objects are raw. */
export interface Change {
  readonly operation: string;
  readonly kind: InjectionRequest["kind"];
  readonly subResource: string;
  readonly namespace: string;
  readonly object: unknown;
  readonly oldObject: unknown;
}

/** Reads the request of a review. */
export function readChange(request: JsonObject): Change {
  const gvk = readObject(request, "kind");
  return {
    operation: readText(request, "operation") ?? "",
    kind: {
      group: readText(gvk, "group") ?? "",
      version: readText(gvk, "version") ?? "",
      kind: readText(gvk, "kind") ?? "",
    },
    subResource: readText(request, "subResource") ?? "",
    namespace: readText(request, "namespace") ?? "",
    object: readMember(request, "object"),
    oldObject: readMember(request, "oldObject"),
  };
}
