/** Says in plain data what a compiled policy controls: for the feed, and through it for people and models. */
import type { FeedControls, FeedLimits } from "@outrigger/api/feed";
import { formatRate } from "@outrigger/api/values";
import type { CompiledPolicy } from "./compiled.ts";

/** The limits, sizes and controls in force, from the same object that decides. A burst that was not given is the rate's count. */
export function describeLimits(policy: CompiledPolicy): FeedLimits {
  const { limits, maxRequestBytes, maxResponseBytes } = policy;
  const controls = describeControls(policy);
  return {
    limits: limits.map(({ name, source, rate, maxConcurrency }) => ({
      name,
      tools: source.tools,
      methods: source.methods,
      per: source.per,
      ...(rate === undefined ? {} : { rate: formatRate(rate), burst: rate.burst }),
      ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
    })),
    maxRequestBytes,
    maxResponseBytes,
    ...(Object.keys(controls).length === 0 ? {} : { controls }),
  };
}

function describeControls(policy: CompiledPolicy): FeedControls {
  const { onOversize, inspection, redaction, answers, pins, trial } = policy;
  return {
    ...describeGuards(policy),
    ...(onOversize === "Truncate" ? { onOversize } : {}),
    ...describeInspection(inspection),
    ...describeRedaction(redaction),
    ...(pins === undefined ? { pins: "Off" } : pins.mode === "Enforce" ? { pins: "Enforce" } : {}),
    ...(answers?.dropsInstructions === true ? { instructions: "Drop" } : {}),
    ...(trial === undefined ? {} : { onTrial: true }),
  };
}

function describeGuards({ guards }: CompiledPolicy): Pick<FeedControls, "access" | "rules"> {
  const rules = (guards?.layers ?? []).flatMap(({ allow, deny }) => [
    ...deny.map(({ name }) => ({ name, action: "Deny" as const })),
    ...allow.map(({ name }) => ({ name, action: "Allow" as const })),
  ]);
  return {
    ...(guards?.readOnly === true ? { access: "ReadOnly" } : {}),
    ...(rules.length === 0 ? {} : { rules }),
  };
}

function describeInspection(inspection: CompiledPolicy["inspection"]): Pick<FeedControls, "arguments"> {
  if (inspection === undefined) return {};
  const { schema, secrets } = inspection;
  const deny = secrets?.names ?? [];
  return schema === "Off" && deny.length === 0 ? {} : { arguments: { schema, deny } };
}

function describeRedaction(redaction: CompiledPolicy["redaction"]): Pick<FeedControls, "redact"> {
  if (redaction === undefined) return {};
  return { redact: [...redaction.pointers.map(({ text }) => text), ...(redaction.secrets?.names ?? [])] };
}
