import { expect, it } from "vitest";
import { compilePolicy, describeLimits, parsePolicyDocument } from "@outrigger/policy";
import { readEffectiveLimits } from "./limits.ts";

const policyOf = (value: unknown) => {
  const read = parsePolicyDocument(value);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return compilePolicy([read.document]);
};

it("names the limits that calls of a tool meet, and leaves out those of other tools and methods", () => {
  const policy = policyOf({
    limits: [
      { name: "writes", tools: ["write_*"], rate: "10/m", burst: 3, per: ["Caller"] },
      { name: "all", rate: "600/h", maxConcurrency: 4 },
      { name: "prompts", methods: ["prompts/get"], rate: "1/s" },
    ],
    sizes: { maxResponseBytes: "1Mi" },
  });
  const limits = describeLimits(policy);
  expect(readEffectiveLimits(limits, "write_file")).toEqual({
    calls: [
      { name: "writes", rate: "10/m", burst: 3, per: ["Caller"] },
      { name: "all", rate: "600/h", burst: 600, max_concurrency: 4 },
    ],
    max_request_bytes: 4 * 1024 ** 2,
    max_response_bytes: 1024 ** 2,
  });
  expect(readEffectiveLimits(limits, "read_file").calls.map(({ name }) => name)).toEqual(["all"]);
});
