/** For tests of secrets: who asked the API server for which of them since it started, by its own audit log. */
import { readFile } from "node:fs/promises";
import { release } from "./product/install.ts";

/** One request that the API server granted. `name` is missing where all Secrets of a namespace, or of all, were meant. */
export interface SecretRequest {
  readonly user: string;
  /** The program, as it names itself. */
  readonly agent: string;
  readonly verb: string;
  readonly namespace: string;
  readonly name: string | undefined;
}

interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly objectRef?: { readonly namespace?: string; readonly name?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Verbs whose answer holds what is in a Secret. A patch is answered with the whole object. */
const reading = ["get", "list", "watch", "patch", "update"];

/**
 * Secrets of the release that its programs make themselves: keys that sign policy, seal sessions and, where that is wanted, vouch for
 * callers, and the webhook's authority.
 */
export const madeSecrets: readonly string[] = ["assertions", "session-keys", "trust", "webhook-ca"].map(
  (what) => `${release.name}-${what}`,
);

/** Reads the log. Rejects where there is none, or a line is no event. */
export async function listSecretRequests(file: string): Promise<readonly SecretRequest[]> {
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  return lines
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter(({ annotations }) => annotations?.["authorization.k8s.io/decision"] === "allow")
    .map(({ verb, user, userAgent = "", objectRef = {} }) => ({
      user: user.username,
      agent: userAgent,
      verb,
      namespace: objectRef.namespace ?? "",
      name: objectRef.name,
    }));
}

/** The requests by which a ServiceAccount outside of Kubernetes' own namespaces came to read a Secret that is not the release's. */
export function findForeignReads(requests: readonly SecretRequest[]): readonly SecretRequest[] {
  const isOwn = ({ namespace, name }: SecretRequest): boolean =>
    namespace === release.namespace && name !== undefined && madeSecrets.includes(name);
  return requests.filter(
    (request) =>
      /^system:serviceaccount:(?!kube-)/.test(request.user) && reading.includes(request.verb) && !isOwn(request),
  );
}
