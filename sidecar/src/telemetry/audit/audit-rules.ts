/** How much of arguments and results an audit line carries, where policy asks for them (`audit` of a policy document). */
import type { CompiledPolicy } from "@outrigger/policy";

/** `Omit`: not at all; `Hash`: the sha256; `Include`: the text, too. */
export type AuditWord = CompiledPolicy["audit"]["arguments"];

/** The longest text of arguments or of a result that a line carries, in bytes; the rest is cut and the line says so. */
export const maxIncludedBytes = 16 * 1024;

/** How much of an answer has to be kept, in bytes, for what is to be told of it. A hash needs the answer to pass by, not to be kept. */
export const answerLimits: Readonly<Record<AuditWord | "Trace", number>> = {
  Omit: 0,
  Hash: 1,
  Include: maxIncludedBytes,
  Trace: 64 * 1024,
};
