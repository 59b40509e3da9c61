/** Forms that several values share. What Kubernetes itself checks when an object is applied is left to it. */
import type { Schema } from "./node.ts";

/** Patterns of texts. Those that end in `OrEmpty` admit the empty text, which means "not set". */
export const patterns = {
  name: "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
  nameOrEmpty: "^([a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?)?$",
  domain: "^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$",
  domainOrEmpty: "^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$",
  registryOrEmpty: "^([A-Za-z0-9]([-A-Za-z0-9._:/]*[A-Za-z0-9])?)?$",
  repository: "^[a-z0-9]+([._/-]+[a-z0-9]+)*$",
  tagOrEmpty: "^([A-Za-z0-9_][A-Za-z0-9._-]{0,127})?$",
  digestOrEmpty: "^(sha256:[a-f0-9]{64})?$",
  duration: "^[1-9][0-9]*(ms|s|m|h)$",
  address: "^([0-9]{1,3}(\\.[0-9]{1,3}){3}|\\[[0-9a-f:]+\\])$",
  collectorOrEmpty: "^(https?://[!-~]{1,256})?$",
  pem: "^(\\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\\s]+-----END CERTIFICATE-----\\s*)*$",
} as const;

/** An object of a form that Kubernetes defines and checks. */
export const kubernetesObject: Schema = { type: "object", additionalProperties: true };

/** A reference to an object by its name alone. */
export const reference: Schema = {
  type: "object",
  additionalProperties: false,
  required: ["name"],
  properties: { name: { type: "string", pattern: patterns.domain } },
};

/** Who may connect, as a NetworkPolicy says it; an empty peer would admit nobody, or everybody, by mistake. */
export const peer: Schema = {
  type: "object",
  additionalProperties: false,
  minProperties: 1,
  properties: { namespaceSelector: kubernetesObject, podSelector: kubernetesObject, ipBlock: kubernetesObject },
};

const quantity: Schema = { type: ["string", "integer"], pattern: "^[0-9]+(\\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi)?$" };
const amounts: Schema = {
  type: "object",
  additionalProperties: false,
  properties: { cpu: quantity, memory: quantity, "ephemeral-storage": quantity },
};

/** Requests and limits. */
export const resources: Schema = {
  type: "object",
  additionalProperties: false,
  properties: { requests: amounts, limits: amounts },
};
