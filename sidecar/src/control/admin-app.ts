/** The admin port: health for the kubelet and metrics for Prometheus. What healthy means is decided by the checks passed in. */
import type { AppProbeEntry } from "@outrigger/api/app-probe";
import type { Health } from "@outrigger/api/feed";
import { answerHealth, type HealthChecks, type HealthReport } from "@outrigger/runtime/health";
import { createHttpServer, type HttpServer } from "../downstream/http1/server.ts";
import type { Visit } from "../downstream/visit.ts";
import { judgeStdio, runAppProbe, type AppHealth } from "../probe/app-probe.ts";
import { asksForDetail } from "./ready-detail.ts";
import { sendJson, sendText } from "./send-answer.ts";
import { createStopOrder, type StopOrder } from "./stop-order.ts";

/** What the admin port shows. `metrics` gives the text exposition of now. */
export interface AdminOptions {
  readonly checks: HealthChecks;
  /** Further lines for `/readyz?verbose`, which make nobody unready. */
  readonly details: () => HealthReport["checks"];
  readonly metrics: () => string;
  /** The server's own probes and hooks, by the path under which the kubelet asks for them here. */
  readonly appProbes: ReadonlyMap<string, AppProbeEntry>;
  /** Seconds that an answer to the hook before a stop may wait, by path; what else stands at its path runs after the wait. */
  readonly stopHooks: ReadonlyMap<string, number>;
  /** How the server is now. */
  readonly health: () => Health;
  /** Waits until the server may be told to stop, at most so many ms; `signal` aborts when nobody waits for it any more. */
  readonly beforeStop: (limitMs: number, signal: AbortSignal) => Promise<void>;
}

/** Creates the app; the caller listens and closes. Source: Prometheus text exposition format 0.0.4. */
export function createAdminApp(options: AdminOptions): HttpServer {
  const hooks = new Set([...options.appProbes.keys(), ...options.stopHooks.keys()]);
  const order = createStopOrder(options.stopHooks.keys(), () => performance.now());
  const answer = async (visit: Visit): Promise<void> => {
    const { method, target } = visit;
    const path = target.split("?", 1)[0] ?? "";
    if (method === "GET" && hooks.has(path)) {
      const problem = await ask(path, { ...options, order }, whenLeft(visit));
      sendJson(visit, statusOf(problem === undefined), { ok: problem === undefined, message: problem ?? "ok" });
    } else if ((method !== "GET" && method !== "HEAD") || !show(visit, options)) {
      sendJson(visit, 404, { ok: false, message: "no such path" });
    }
  };
  const handle = (visit: Visit): void => {
    answer(visit).catch((error: unknown) => tellFailure(visit, error));
  };
  return createHttpServer({ handle, now: () => performance.now() });
}

/** Shows health or metrics; false where the path is of neither. */
function show(visit: Visit, options: AdminOptions): boolean {
  const { target } = visit;
  const report = answerHealth(options.checks, target);
  if (report !== undefined) {
    const more = asksForDetail(target) ? options.details() : [];
    sendJson(visit, statusOf(report.ok), { ...report, checks: [...report.checks, ...more] });
    return true;
  }
  if (target.split("?", 1)[0] !== "/metrics") return false;
  sendText(visit, 200, { type: "text/plain; version=0.0.4; charset=utf-8", content: options.metrics() });
  return true;
}

const statusOf = (isOk: boolean): number => (isOk ? 200 : 503);

/** What can't be shown is our fault; the port stays. */
function tellFailure(visit: Visit, error: unknown): void {
  sendJson(visit, 500, { ok: false, message: error instanceof Error ? error.message : String(error) });
}

type HookOptions = AdminOptions & { readonly order: StopOrder };

async function ask(path: string, options: HookOptions, signal: AbortSignal): Promise<AppHealth> {
  const answered = options.order.begin(path);
  try {
    await waitForStop(path, options, signal);
    return await runOwn(path, options);
  } finally {
    answered();
  }
}

async function waitForStop(
  path: string,
  { stopHooks, beforeStop, order }: HookOptions,
  left: AbortSignal,
): Promise<void> {
  const limitSeconds = stopHooks.get(path);
  if (limitSeconds === undefined) return;
  const signal = AbortSignal.any([left, AbortSignal.timeout(limitSeconds * 1_000)]);
  await beforeStop(limitSeconds * 1_000, left);
  await order.whenItsTurn(path, signal);
}

async function runOwn(path: string, options: AdminOptions): Promise<AppHealth> {
  const probe = options.appProbes.get(path);
  if (probe?.kind === "stdio") return judgeStdio(probe, options.health());
  return probe === undefined ? undefined : runAppProbe(probe);
}

/** Aborts when the one who asks has gone, or has its answer. */
function whenLeft(visit: Visit): AbortSignal {
  const left = new AbortController();
  visit.channel.onOver(visit, () => left.abort());
  return left.signal;
}
