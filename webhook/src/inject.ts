/** The pure side of the webhook: decide, strip, check, plan and diff raw pods, alone or inside manifests. No I/O, no clock. */
export { admit, type Admission } from "./inject/admission.ts";
export { sidecarName } from "@outrigger/api/containers";
export type { InjectionRequest } from "./inject/decide.ts";
export {
  defaultConfig,
  hashConfig,
  version,
  type DefaultableKey,
  type ForeignInjectors,
  type InjectionConfig,
} from "./inject/config.ts";
export type { InstallationState, Surroundings } from "./inject/installation.ts";
export {
  findTemplate,
  injectManifest,
  uninjectManifest,
  type ManifestOptions,
  type ManifestResult,
  type UninjectResult,
} from "./inject/manifest.ts";
export { parseInjectionConfig, type ReadConfig } from "./inject/read/config.ts";
export {
  denyCodes,
  injectReasons,
  scopes,
  skipReasons,
  type DenyReason,
  type InjectReason,
  type Operation,
  type Problem,
  type Scope,
  type SkipReason,
  type Warning,
} from "./inject/outcome.ts";
export {
  entries,
  listFailedTerms,
  selectEntry,
  type Entry,
  type FailedTerm,
  type NamespaceFacts,
  type SelectorTerm,
} from "./inject/registration.ts";
export { uninject } from "./inject/undo/uninject.ts";
export { parsePointer } from "./inject/patch/pointer.ts";
export {
  isObject,
  parseObject,
  readInteger,
  readList,
  readMember,
  readObject,
  readText,
  type JsonObject,
} from "./inject/read/json.ts";
export { isAbove, isSameQuantity, readQuantity } from "./inject/read/quantity.ts";
export { findQosClass, type QosClass } from "./inject/read/qos.ts";
export { findNearest } from "./inject/read/nearest.ts";
export { findWrongValues, warnOfNamespace, type WrongValue } from "./inject/read/places.ts";
export { warnOfUnknownKeys } from "./inject/read/annotations.ts";
export { findOwner, type Owner } from "./inject/read/server-name.ts";
