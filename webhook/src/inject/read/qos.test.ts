/** Classes of service as the kubelet gives them. */
import { describe, expect, it } from "vitest";
import { findQosClass } from "./qos.ts";

const both = { cpu: "1", memory: "1Gi" };
const container = (resources: object): object => ({ name: "app", resources });

describe("the class of service", () => {
  it.each([
    ["BestEffort", { containers: [container({})] }],
    ["BestEffort", { containers: [container({ limits: { "example.com/gpu": 1 } })] }],
    ["Burstable", { containers: [container({ requests: { cpu: "100m" } })] }],
    ["Burstable", { containers: [container({ limits: both }), container({})] }],
    ["Burstable", { containers: [container({ limits: both, requests: { cpu: "500m" } })] }],
    ["Burstable", { containers: [container({ limits: both })], initContainers: [container({ limits: { cpu: "1" } })] }],
    ["Guaranteed", { containers: [container({ limits: both })] }],
    ["Guaranteed", { containers: [container({ limits: both, requests: { cpu: "1000m", memory: "1024Mi" } })] }],
    ["Guaranteed", { containers: [container({})], resources: { limits: both, requests: both } }],
    ["Burstable", { containers: [container({ limits: both })], resources: { requests: { cpu: "1" } } }],
    ["Burstable", { containers: [container({ limits: both })], resources: { limits: { "hugepages-2Mi": "4Mi" } } }],
    ["Burstable", { containers: [container({ requests: { cpu: "100m" } })], resources: { limits: both } }],
    ["Guaranteed", { containers: [container({})], resources: { limits: both } }],
    ["Guaranteed", { containers: [container({ limits: { ...both, "hugepages-2Mi": "4Mi" } })] }],
    ["Guaranteed", { containers: [container({ limits: { ...both, "example.com/gpu": 1 } })] }],
    ["BestEffort", { containers: [container({ limits: both })], resources: {} }],
  ])("is %s for %j", (qos, spec) => {
    expect(findQosClass(spec)).toBe(qos);
  });
});
