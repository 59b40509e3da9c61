import fastify from "fastify";
import { describe, expect, it } from "vitest";
import { addHealthRoutes, reportHealth } from "./health.ts";
import { createLogger } from "./logger.ts";
import { createMetrics } from "./metrics.ts";
import { installShutdown } from "./shutdown.ts";

function captureLines(): { lines: Record<string, unknown>[]; write: (line: string) => void } {
  const lines: Record<string, unknown>[] = [];
  // Each line is one JSON object by construction of the logger.
  return { lines, write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
}

const createCaptured = () => {
  const destination = captureLines();
  return { logger: createLogger({ component: "test", version: "1", destination }), lines: destination.lines };
};

describe("logger", () => {
  it("writes constant messages with fields, the level as a word and the time of RFC 3339", () => {
    const { logger, lines } = createCaptured();
    logger.warn({ server: "files" }, "refused");
    expect(lines[0]).toMatchObject({ level: "warn", component: "test", version: "1", server: "files", msg: "refused" });
    expect(String(lines[0]?.["time"])).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it("never writes credentials", () => {
    const { logger, lines } = createCaptured();
    logger.info({ token: "abc", headers: { authorization: "Bearer abc", accept: "*/*" } }, "request");
    expect(JSON.stringify(lines)).not.toContain("abc");
    expect(JSON.stringify(lines)).toContain("*/*");
  });
});

describe("metrics", () => {
  it("exist with value zero before anything happened", async () => {
    const metrics = createMetrics({ component: "test", version: "1" });
    const counter = metrics.counter("things_total", "Things.", [{ result: "ok" }, { result: "failed" }]);
    counter.add({ result: "ok" });
    const text = await metrics.expose();
    expect(text).toContain('outrigger_test_things_total{result="ok"} 1');
    expect(text).toContain('outrigger_test_things_total{result="failed"} 0');
    expect(text).toContain('outrigger_build_info{component="test",version="1"} 1');
  });
});

describe("health", () => {
  it("names the check that failed and what is missing; a check that throws has failed", () => {
    const report = reportHealth({
      policy: () => undefined,
      list: () => "not listed yet",
      broken: () => {
        throw new Error("boom");
      },
    });
    expect(report).toEqual({
      ok: false,
      checks: [
        { name: "policy", ok: true, message: "ok" },
        { name: "list", ok: false, message: "not listed yet" },
        { name: "broken", ok: false, message: "the check itself failed: boom" },
      ],
    });
  });

  it("answers 503 while a readiness check fails, and liveness never depends on one", async () => {
    const app = fastify();
    let missing: string | undefined = "not listed yet";
    addHealthRoutes(app, { ready: { list: () => missing }, started: {} });
    expect((await app.inject("/readyz")).statusCode).toBe(503);
    expect((await app.inject("/readyz?exclude=other")).statusCode).toBe(503);
    expect((await app.inject("/readyz?exclude=list&exclude=other")).statusCode).toBe(200);
    expect((await app.inject("/livez")).statusCode).toBe(200);
    missing = undefined;
    expect((await app.inject("/readyz")).statusCode).toBe(200);
    await app.close();
  });
});

describe("shutdown", () => {
  const createHooks = () => {
    const state: { signal?: (name: string) => void; parentGone?: () => void; exit?: (code: number) => void } = {};
    const exited = new Promise<number>((resolve) => (state.exit = resolve));
    const hooks = {
      onSignal: (handler: (name: string) => void) => void (state.signal = handler),
      onParentGone: (handler: () => void) => void (state.parentGone = handler),
      exit: (code: number) => state.exit?.(code),
    };
    return { state, exited, hooks };
  };

  it("runs the steps in order, goes on after one that fails, and exits 0", async () => {
    const { state, exited, hooks } = createHooks();
    const { logger, lines } = createCaptured();
    const ran: string[] = [];
    const fail = (): void => {
      ran.push("fails");
      throw new Error("no");
    };
    const steps = [
      { name: "first", run: () => void ran.push("first") },
      { name: "fails", run: fail },
      { name: "last", run: () => void ran.push("last") },
    ];
    installShutdown({ steps, graceMs: 5_000, hooks, logger });
    state.signal?.("SIGTERM");
    expect(await exited).toBe(0);
    expect(ran).toEqual(["first", "fails", "last"]);
    expect(lines.map((line) => line["msg"])).toContain("a shutdown step failed");
  });

  it("ends with code 130 on a second signal and with code 1 after the grace time", async () => {
    for (const [graceMs, second, expected] of [
      [60_000, true, 130],
      [1, false, 1],
    ] as const) {
      const { state, exited, hooks } = createHooks();
      const never = new Promise<void>(() => undefined);
      installShutdown({
        steps: [{ name: "hangs", run: () => never }],
        graceMs,
        hooks,
        logger: createCaptured().logger,
      });
      state.signal?.("SIGINT");
      if (second) state.signal?.("SIGINT");
      expect(await exited).toBe(expected);
    }
  });

  it("ends when the parent is gone", async () => {
    const { state, exited, hooks } = createHooks();
    installShutdown({ steps: [], graceMs: 5_000, hooks, logger: createCaptured().logger });
    state.parentGone?.();
    expect(await exited).toBe(0);
  });
});
