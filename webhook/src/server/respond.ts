/**
 * Last stage of a review: a decision as the AdmissionReview that answers it. Stage before: review.ts or validate.ts.
 * Source: admission.k8s.io/v1 AdmissionResponse.
 */
import type { Admission } from "../inject/admission.ts";
import { toWarnings, type Remarks } from "../validate/remarks.ts";
import type { Review } from "./receive.ts";

/** What the API server reads. `patch` is base64 of a JSON Patch; both patch members are left out where it would be empty. */
interface AdmissionResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly patchType?: "JSONPatch";
  readonly patch?: string;
  readonly status?: { readonly code: number; readonly reason: string; readonly message: string };
  readonly warnings?: readonly string[];
  readonly auditAnnotations: AuditAnnotations;
}

/** What audit logs keep of an answer. `warnings`: their reasons, separated by commas; absent where there are none. */
type AuditAnnotations = Readonly<Record<"decision" | "reason" | "configHash", string>> & { readonly warnings?: string };

/** The body of an answer. */
export interface ReviewAnswer {
  readonly apiVersion: string;
  readonly kind: string;
  readonly response: AdmissionResponse;
}

/** Answers a review with a decision. `configHash` names the configuration that decided. */
export function respond(review: Review, admission: Admission, configHash: string): ReviewAnswer {
  const { action, reason } = admission;
  const warnings = toWarnings({ lines: admission.warnings });
  const warned = [...new Set(admission.warnings.map((warning) => warning.reason))];
  return wrap(review, {
    uid: review.uid,
    allowed: action !== "deny",
    ...describeDecision(admission),
    ...(warnings.length === 0 ? {} : { warnings }),
    auditAnnotations: {
      ...{ decision: action, reason, configHash },
      ...(warned.length === 0 ? {} : { warnings: warned.join(",") }),
    },
  });
}

/** Answers a review that met a fault of ours: nothing of a half-made decision gets out. */
export function respondWithFault(review: Review, configHash: string): ReviewAnswer {
  const message = `Outrigger could not decide about this pod because of an internal error; its log has it under request ${review.uid} [Internal]`;
  return wrap(review, {
    uid: review.uid,
    allowed: false,
    status: { code: 500, reason: "Internal", message },
    auditAnnotations: { decision: "error", reason: "Internal", configHash },
  });
}

/** What is answered about an object that pods come from: never a refusal. */
export interface CheckedChange {
  readonly action: Remarks["action"] | "error";
  readonly reason: Remarks["reason"] | "Internal";
  readonly warnings: readonly string[];
}

/** Answers a review of something that pods come from. */
export function respondToChange(
  review: Review,
  { action, reason, warnings }: CheckedChange,
  configHash: string,
): ReviewAnswer {
  return wrap(review, {
    uid: review.uid,
    allowed: true,
    ...(warnings.length === 0 ? {} : { warnings }),
    auditAnnotations: { decision: action, reason, configHash },
  });
}

const wrap = ({ apiVersion, kind }: Review, response: AdmissionResponse): ReviewAnswer => ({
  apiVersion,
  kind,
  response,
});

function describeDecision(admission: Admission): Partial<AdmissionResponse> {
  switch (admission.action) {
    case "skip":
      return {};
    case "deny":
      return { status: { code: admission.code, reason: admission.reason, message: admission.message } };
    case "inject":
      return admission.patch.length === 0
        ? {}
        : { patchType: "JSONPatch", patch: Buffer.from(JSON.stringify(admission.patch)).toString("base64") };
  }
}
