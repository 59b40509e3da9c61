/** Which pods count as relays, and that nothing else passes for one. */
import { describe, expect, it } from "vitest";
import { defaultConfig } from "../config.ts";
import { isRelayPod } from "./relay.ts";

const container = {
  name: "relay",
  image: defaultConfig.image,
  env: [{ name: "OUTRIGGER_UPSTREAM", value: "https://mcp.example.com/mcp" }],
  volumeMounts: [{ name: "headers", mountPath: "/etc/outrigger/headers" }],
};
const podWith = (change: object, spec: object = {}): unknown => ({
  spec: { containers: [{ ...container, ...change }], ...spec },
});

describe("relay pods", () => {
  it("run our image with settings and files of settings only", () => {
    expect(isRelayPod(podWith({}), defaultConfig)).toBe(true);
  });

  it.each([
    ["another image", { image: "mine:1" }, {}],
    ["a command", { command: ["sh"] }, {}],
    ["arguments", { args: ["--x"] }, {}],
    ["a hook", { lifecycle: { postStart: { exec: { command: ["sh"] } } } }, {}],
    ["options for its runtime", { env: [{ name: "NODE_OPTIONS", value: "--require=/x" }] }, {}],
    ["a library to preload", { env: [{ name: "LD_PRELOAD", value: "/x.so" }] }, {}],
    ["variables from elsewhere", { envFrom: [{ configMapRef: { name: "x" } }] }, {}],
    ["a mount over its program", { volumeMounts: [{ name: "x", mountPath: "/app" }] }, {}],
    ["an exec probe", { livenessProbe: { exec: { command: ["sh"] } } }, {}],
    ["an init container", {}, { initContainers: [{ name: "x" }] }],
    ["a second container", {}, { containers: [container, { name: "app", image: "mine:1" }] }],
    ["the host's network", {}, { hostNetwork: true }],
  ])("don't have %s", (_name, change, spec) => {
    expect(isRelayPod(podWith(change, spec), defaultConfig)).toBe(false);
  });

  it.each([[null], [{}], [{ spec: { containers: ["x"] } }]])("are not %j", (pod) => {
    expect(isRelayPod(pod, defaultConfig)).toBe(false);
  });
});
