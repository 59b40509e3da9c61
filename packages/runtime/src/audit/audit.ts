/**
 * The audit stream of a program from its settings: opened before the program starts, so that a file that can't be written is a fault
 * of the start; started with a line that says who writes; shown in the report of its health.
 */
import { hostname } from "node:os";
import type { HealthReport } from "../health.ts";
import type { Logger } from "../logger.ts";
import { auditFormat } from "./audit-chain.ts";
import type { AuditMode } from "./audit-settings.ts";
import { createStdoutSink, openFileSink, type AuditSink } from "./audit-sink.ts";
import { createAuditStream, type AuditStream } from "./audit-stream.ts";

export type { AuditSink } from "./audit-sink.ts";
export type { AuditStatus, AuditStream } from "./audit-stream.ts";

/** How much waits to be written at most. */
const limits = { pendingBytes: 4 * 1024 ** 2, gatherMs: 20, retryMs: 1_000 } as const;

/** The sink, undefined where lines are off; or why there is none. */
export type OpenedSink =
  | { readonly ok: true; readonly sink: AuditSink | undefined }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Opens what the settings name. Errors: a file that can't be opened or read. */
export async function openAuditSink({
  audit,
  auditTo,
}: {
  readonly audit: AuditMode;
  readonly auditTo: string;
}): Promise<OpenedSink> {
  if (audit === "off") return { ok: true, sink: undefined };
  if (auditTo === "stdout") return { ok: true, sink: createStdoutSink(1) };
  try {
    return { ok: true, sink: await openFileSink(auditTo, () => performance.now()) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, problems: [`--audit-to: can't write ${auditTo}: ${why}`] };
  }
}

/** Who writes. `about`: members of the first line beside those of every program; `chainId`: not the same in any two processes. */
export interface AuditWriter {
  readonly component: string;
  readonly version: string;
  readonly mode: AuditMode;
  readonly chainId: string;
  readonly about: object;
  readonly logger: Logger;
}

/** Starts the stream of a process; undefined without a sink. */
export function startAudit(sink: AuditSink | undefined, writer: AuditWriter): AuditStream | undefined {
  if (sink === undefined) return undefined;
  const { component, version, mode, chainId, about, logger } = writer;
  return createAuditStream({
    sink,
    chainId,
    start: { format: auditFormat, component, version, pod: hostname(), lines: mode, ...about },
    logger,
    wallNow: () => Date.now(),
    maxPendingBytes: limits.pendingBytes,
    gatherMs: limits.gatherMs,
    retryMs: limits.retryMs,
  });
}

/** Its line in a report of health: where the chain is, or why it can't be written. */
export function tellAudit(stream: AuditStream | undefined): HealthReport["checks"] {
  if (stream === undefined) return [{ name: "audit", ok: true, message: "off" }];
  const { failure, head, lost } = stream.status();
  const message =
    failure === undefined ? `line ${head.seq}, hash ${head.hash}, ${lost} lost` : `can't be written: ${failure}`;
  return [{ name: "audit", ok: failure === undefined, message }];
}
