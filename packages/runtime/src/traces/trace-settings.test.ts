import { describe, expect, it } from "vitest";
import { readTraceSettings } from "./trace-settings.ts";

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" };

describe("the settings of traces", () => {
  it.each([
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: " " },
    { ...endpoint, OTEL_SDK_DISABLED: "true" },
    { ...endpoint, OTEL_TRACES_EXPORTER: "none" },
  ])("are none by %j", (env) => {
    expect(readTraceSettings(env)).toBeUndefined();
  });

  it("are the defaults of the specification where only an endpoint is set, for all signals or for traces", () => {
    const settings = {
      sampling: { root: "always_on", isParentBased: true, ratio: 1 },
      maxQueueSize: 2_048,
      maxBatchSize: 512,
      scheduledDelayMs: 5_000,
      exportTimeoutMs: 30_000,
      problems: [],
    };
    expect(readTraceSettings(endpoint)).toEqual(settings);
    expect(readTraceSettings({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://c/v1/traces" })).toEqual(settings);
  });

  it("take the sampler and the sizes that are set; a batch is no larger than the queue", () => {
    const env = { ...endpoint, OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.25" };
    expect(readTraceSettings({ ...env, OTEL_BSP_MAX_QUEUE_SIZE: "10" })).toMatchObject({
      sampling: { root: "traceidratio", isParentBased: false, ratio: 0.25 },
      maxQueueSize: 10,
      maxBatchSize: 10,
    });
  });

  it("name what can't be used, and keep its default", () => {
    const settings = readTraceSettings({
      ...endpoint,
      OTEL_TRACES_SAMPLER: "sometimes",
      OTEL_TRACES_SAMPLER_ARG: "2",
      OTEL_BSP_MAX_QUEUE_SIZE: "many",
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    });
    expect(settings).toMatchObject({ sampling: { root: "always_on", ratio: 1 }, maxQueueSize: 2_048 });
    expect(settings?.problems.map((problem) => problem.split(":")[0])).toEqual([
      "OTEL_BSP_MAX_QUEUE_SIZE",
      "OTEL_TRACES_SAMPLER",
      "OTEL_TRACES_SAMPLER_ARG",
      "OTEL_EXPORTER_OTLP_PROTOCOL",
    ]);
  });
});
