/** The log of the real sidecar at its most talkative: lines of one form, and nothing of what callers and servers say to each other. */
import { expect, it } from "vitest";
import { startOtlpReceiver } from "../fixtures/otlp-receiver.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { callOf, startBed } from "./telemetry-bed.ts";

const secretHeaders = {
  authorization: "Bearer s3cret-token",
  cookie: "session=s3cret-cookie",
  "x-api-key": "s3cret-key",
};

it("writes no argument, result or token to any of its outputs, at debug, with traces and audit on", async () => {
  const receiver = await startOtlpReceiver();
  const bed = await startBed(["--log-level", "debug", "--upstream-headers", '{"x-own":"s3cret-own"}'], {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_BSP_SCHEDULE_DELAY: "50",
    OTEL_EXPORTER_OTLP_HEADERS: "x-otlp=s3cret-otlp",
  });
  for (const tool of ["good", "failing", "broken", "unknown"]) await bed.post(callOf(tool), secretHeaders);
  await bed.post(
    { id: 1, method: "resources/read", params: { uri: "https://u:s3cret@h/x?token=s3cret" } },
    secretHeaders,
  );
  await bed.post({ id: 1, method: "prompts/get", params: { name: "p", arguments: { a: "s3cret" } } }, secretHeaders);
  await bed.post({ id: 1, method: "completion/complete", params: { argument: { value: "s3cret" } } }, secretHeaders);
  await fetch(bed.dataUrl, { method: "POST", headers: { "content-type": "application/json" }, body: '{"s3cret' });
  const [ready, metrics] = await Promise.all(
    ["/readyz?verbose", "/metrics"].map(async (path) => (await fetch(bed.adminUrl + path)).text()),
  );
  await waitFor("spans", () => receiver.spans().length >= 10);
  await bed.program.stop();
  await receiver.close();
  const spans = JSON.stringify(receiver.spans(), (_key, value: unknown) => (typeof value === "bigint" ? "" : value));
  for (const output of [bed.lines().join("\n"), bed.program.stderr(), ready, metrics, spans])
    expect(output).not.toContain("s3cret");
  expect(bed.arrived.some(({ headers }) => headers.authorization === secretHeaders.authorization)).toBe(true);
});

it("writes JSON lines with time, level, component and version, and only those of the level that is asked for", async () => {
  const bed = await startBed(["--audit", "off", "--log-level", "info"]);
  const lines = bed.lines().map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) {
    expect(line).toMatchObject({ component: "sidecar", level: "info", version: expect.any(String) as string });
    expect(new Date(String(line["time"])).toISOString()).toBe(line["time"]);
  }
});
