/** Settings and policy that change in the pod's folder under a running sidecar. */
import { createLogger } from "@outrigger/runtime/logger";
import { describe, expect, it } from "vitest";
import { createPodFolder } from "./bundle/testing/pod-folder.ts";
import { createLiveSettings, type LiveValues } from "./live-settings.ts";
import { startInProcess } from "./testing/in-process.ts";
import { poll } from "./testing/poll.ts";
import { callOf, post, serveAnswers } from "./testing/post.ts";

const start: LiveValues = { logLevel: "info", callDeadlineMs: 1_000 };

function setUp() {
  const told: LiveValues[] = [];
  const lines: Record<string, unknown>[] = [];
  // Each line is one JSON object by construction of the logger.
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  const logger = createLogger({ component: "sidecar", version: "test", destination });
  const settings = createLiveSettings(start, { logger, onChange: (values) => void told.push(values) });
  return { settings, told, lines, apply: (texts: object) => settings.apply(new Map(Object.entries(texts))) };
}

describe("live settings", () => {
  it("are those of the start until an annotation says otherwise, and again when it is taken away", () => {
    const { settings, told, apply } = setUp();
    apply({ "log-level": "", "call-deadline": "" });
    expect([settings.current(), told]).toEqual([start, []]);
    apply({ "log-level": "debug", "call-deadline": "5s" });
    expect(settings.current()).toEqual({ logLevel: "debug", callDeadlineMs: 5_000 });
    apply({ "log-level": "" });
    expect(settings.current()).toEqual({ logLevel: "info", callDeadlineMs: 5_000 });
    expect(told).toHaveLength(2);
  });

  it("that are faulty leave the one before, are told once, and harm no other", () => {
    const { settings, lines, apply } = setUp();
    apply({ "call-deadline": "5s" });
    for (let times = 0; times < 2; times++) apply({ "log-level": "warn", "call-deadline": "soon" });
    expect(settings.current()).toEqual({ logLevel: "warn", callDeadlineMs: 5_000 });
    const refused = lines.filter(({ level }) => level === "error");
    expect(refused).toMatchObject([{ reason: "InvalidAnnotation", msg: "a setting is refused, the one before stays" }]);
    expect(settings.details()).toMatchObject([{ name: "settings", ok: false }]);
    expect(settings.details()[0]?.message).toMatch(
      /^outrigger.dev\/call-deadline: expected .*; log level warn, calls at most 5000 ms$/,
    );
    expect(settings.expose()).toContain('outrigger_sidecar_settings_refused_total{setting="call-deadline"} 1');
    apply({ "call-deadline": "7s" });
    expect([settings.current().callDeadlineMs, settings.details()[0]?.ok]).toEqual([7_000, true]);
  });
});

it("F-013 settings and policy of a running sidecar change once they pass a check, and a faulty one leaves the one before in force", async () => {
  const { handler } = serveAnswers(({ params }) =>
    params?.["name"] === "slow" ? new Promise<object>(() => undefined) : { result: { content: [] } },
  );
  const folder = await createPodFolder();
  const { url, adminPort, metrics } = await startInProcess({
    handler,
    policy: null,
    flags: ["--pod-info", folder.path],
  });
  const detail = async (name: string): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${adminPort}/readyz?verbose`);
    // The verbose answer lists its checks.
    const { checks } = (await response.json()) as {
      readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly message?: string }[];
    };
    const found = checks.find((check) => check.name === name);
    return `${String(found?.ok)} ${found?.message ?? ""}`;
  };
  const codeOf = async (name: string): Promise<unknown> => (await post(url, callOf(name))).message.error?.code;
  expect(await codeOf("plain")).toBeUndefined();

  await folder.write({ "call-deadline": "200ms", "deny-tools": "plain" });
  await poll(() => detail("settings")).toContain("true log level info, calls at most 200 ms");
  await poll(() => codeOf("plain")).toBe(-32602);
  const ended = await post(url, callOf("slow"));
  expect(JSON.stringify(ended.message)).toContain("UpstreamTimeout");

  await folder.write({ "call-deadline": "whenever", "rate-limit": "often" });
  await poll(() => detail("settings")).toContain("false outrigger.dev/call-deadline: expected");
  await poll(() => detail("policy")).toMatch(/^false PolicyInvalid/);
  expect(await codeOf("plain")).toBe(-32602);
  expect(JSON.stringify((await post(url, callOf("slow"))).message)).toContain("UpstreamTimeout");
  expect(await metrics()).toContain('outrigger_sidecar_settings_refused_total{setting="call-deadline"} 1');

  await folder.write({ "call-deadline": "", "deny-tools": "", "rate-limit": "" });
  await poll(() => detail("settings")).toContain("calls at most 3600000 ms");
  await poll(() => codeOf("plain")).toBeUndefined();
});
