/**
 * First stage of a review: bytes to request, or the plain HTTP answer for what is no review. Parses by itself, since a
 * framework's parser changes keys. Next stage: review.ts.
 */
import type { InjectionRequest } from "../inject/decide.ts";
import type { Scope } from "../inject/outcome.ts";
import { isObject, readList, readMember, readObject, readText, type JsonObject } from "../inject/read/json.ts";

/** Two objects of up to 3 MiB, and room for the review around them. */
export const maxBodyBytes = 7 * 1024 * 1024;

/** A review as it came, with what the answer must repeat. */
export interface Review {
  readonly apiVersion: string;
  readonly kind: string;
  readonly uid: string;
  readonly isDryRun: boolean;
  readonly request: InjectionRequest;
}

/** The review, or why there is none: always the caller's mistake, HTTP 400. */
export type Received =
  { readonly ok: true; readonly review: Review } | { readonly ok: false; readonly problem: string };

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads the body of a POST on the path of one scope. Never throws. */
export function receive(body: Uint8Array, scope: Scope): Received {
  if (body.length === 0) return { ok: false, problem: "the body is empty" };
  const value = parseBody(body);
  const request = readMember(value, "request");
  if (value === undefined) return { ok: false, problem: "the body is not a JSON object in UTF-8" };
  const uid = readText(request, "uid") ?? "";
  if (uid === "" || !isObject(request)) return { ok: false, problem: "request.uid is missing" };
  return {
    ok: true,
    review: {
      apiVersion: readText(value, "apiVersion") ?? "admission.k8s.io/v1",
      kind: readText(value, "kind") ?? "AdmissionReview",
      uid,
      isDryRun: readMember(request, "dryRun") === true,
      request: readRequest(request, scope),
    },
  };
}

function parseBody(body: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(body));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function readRequest(request: JsonObject, scope: Scope): InjectionRequest {
  const kind = readObject(request, "kind");
  const groups = readList(readMember(request, "userInfo"), "groups");
  return {
    scope,
    operation: readText(request, "operation") ?? "",
    kind: {
      group: readText(kind, "group") ?? "",
      version: readText(kind, "version") ?? "",
      kind: readText(kind, "kind") ?? "",
    },
    subResource: readText(request, "subResource") ?? "",
    namespace: readText(request, "namespace") ?? "",
    userGroups: groups.filter((group) => typeof group === "string"),
    pod: readMember(request, "object"),
  };
}
