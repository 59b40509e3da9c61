/**
 * Whether and how calls are traced, from the standard variables of OpenTelemetry. Pure: the environment is passed in. Where a
 * variable can't be used, its default counts and a sentence says so, as the specification of these variables asks.
 */

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** How to sample; `ratio` counts for the two by ratio. */
export interface Sampling {
  readonly root: "always_on" | "always_off" | "traceidratio";
  readonly isParentBased: boolean;
  readonly ratio: number;
}

/** Settings of the export; times in ms. What the exporter reads by itself (endpoint, headers, time-out, compression) is not here. */
export interface TraceSettings {
  readonly sampling: Sampling;
  readonly maxQueueSize: number;
  readonly maxBatchSize: number;
  readonly scheduledDelayMs: number;
  readonly exportTimeoutMs: number;
  readonly problems: readonly string[];
}

/** The variables that name a collector; one of them switches traces on. */
export const collectorVariables = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"] as const;

/**
 * Reads the settings; undefined where traces are not exported: without an endpoint, or switched off.
 * Source: OpenTelemetry specification, "Environment Variable Specification" and "OpenTelemetry Protocol Exporter".
 */
export function readTraceSettings(env: Environment): TraceSettings | undefined {
  const hasEndpoint = collectorVariables.some((name) => (env[name] ?? "").trim() !== "");
  const isOff = env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true" || env["OTEL_TRACES_EXPORTER"] === "none";
  if (!hasEndpoint || isOff) return undefined;
  const problems: string[] = [];
  const count = (name: string, fallback: number): number => readCount(env, name, { fallback, problems });
  const maxQueueSize = count("OTEL_BSP_MAX_QUEUE_SIZE", 2_048);
  return {
    sampling: readSampling(env, problems),
    maxQueueSize,
    maxBatchSize: Math.min(count("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512), maxQueueSize),
    scheduledDelayMs: count("OTEL_BSP_SCHEDULE_DELAY", 5_000),
    exportTimeoutMs: count("OTEL_BSP_EXPORT_TIMEOUT", 30_000),
    problems: [...problems, ...judgeProtocol(env)],
  };
}

function readCount(
  env: Environment,
  name: string,
  { fallback, problems }: { readonly fallback: number; readonly problems: string[] },
): number {
  const text = env[name] ?? "";
  if (text === "") return fallback;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  problems.push(`${name}: expected a whole number above 0; ${fallback} counts`);
  return fallback;
}

const samplers: Readonly<Record<string, Omit<Sampling, "ratio">>> = {
  always_on: { root: "always_on", isParentBased: false },
  always_off: { root: "always_off", isParentBased: false },
  traceidratio: { root: "traceidratio", isParentBased: false },
  parentbased_always_on: { root: "always_on", isParentBased: true },
  parentbased_always_off: { root: "always_off", isParentBased: true },
  parentbased_traceidratio: { root: "traceidratio", isParentBased: true },
};

const defaultSampler = { root: "always_on", isParentBased: true } as const;

function readSampling(env: Environment, problems: string[]): Sampling {
  const name = env["OTEL_TRACES_SAMPLER"] ?? "";
  const sampler = name === "" ? defaultSampler : samplers[name];
  if (sampler === undefined)
    problems.push(
      `OTEL_TRACES_SAMPLER: expected one of ${Object.keys(samplers).join(", ")}; parentbased_always_on counts`,
    );
  const text = env["OTEL_TRACES_SAMPLER_ARG"] ?? "";
  const ratio = text === "" ? 1 : Number(text);
  const isRatio = ratio >= 0 && ratio <= 1;
  if (!isRatio) problems.push("OTEL_TRACES_SAMPLER_ARG: expected a number from 0 to 1; 1 counts");
  return { ...(sampler ?? defaultSampler), ratio: isRatio ? ratio : 1 };
}

function judgeProtocol(env: Environment): readonly string[] {
  const name = "OTEL_EXPORTER_OTLP_PROTOCOL";
  const protocol = env["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] ?? env[name] ?? "";
  return protocol === "" || protocol === "http/protobuf" ? [] : [`${name}: only http/protobuf is spoken, and counts`];
}
