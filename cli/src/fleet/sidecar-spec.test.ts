import type { ServerEntry } from "@outrigger/api/server-file";
import { describe, expect, it } from "vitest";
import { buildSidecarSpec } from "./sidecar-spec.ts";

const surroundings = {
  start: ["node", "main.ts"],
  env: { PATH: "/bin", OUTRIGGER_QUICK_POLICY: "{}", OUTRIGGER_ENDPOINT: "x" },
  cwd: "/work",
  logLevel: "info",
  assertionKeysFile: "/run/keys.json",
} as const;
const place = { policyFile: "/run/policy.json", lastPorts: undefined };
const local: ServerEntry = {
  ...{ form: "process", name: "files", command: "npx", args: ["-y", "pkg"], env: { TOKEN: "t" }, cwd: "/data" },
  outrigger: {},
};
const remote: ServerEntry = {
  ...{ form: "url", name: "remote", url: "https://a/mcp", headers: { Authorization: "Bearer secret" } },
  outrigger: {},
};

describe("buildSidecarSpec", () => {
  it("puts a server's command behind --, with its folder, and its variables apart from the sidecar's own", () => {
    const spec = buildSidecarSpec(local, surroundings, place);
    expect(spec.args.slice(spec.args.indexOf("--"))).toEqual(["--", "npx", "-y", "pkg"]);
    expect(spec.args.join(" ")).toContain(
      "--listen 127.0.0.1:0 --control 127.0.0.1:0 --admin 127.0.0.1:0 --server files",
    );
    expect(spec).toMatchObject({ cwd: "/data", env: { PATH: "/bin", OUTRIGGER_SERVER_ENV: '{"TOKEN":"t"}' } });
  });

  it("F-151 tells a sidecar whose word about callers counts, and in which namespace it is for the aggregator", () => {
    const { args } = buildSidecarSpec(local, surroundings, place);
    expect(args.join(" ")).toContain("--namespace local --assertion-keys /run/keys.json");
  });

  it("keeps headers out of argv", () => {
    const spec = buildSidecarSpec(remote, surroundings, place);
    expect(spec.args.join(" ")).toContain("--upstream https://a/mcp");
    expect(spec.args.join(" ")).not.toContain("secret");
    expect(JSON.parse(spec.env["OUTRIGGER_UPSTREAM_HEADERS"] ?? "")).toEqual({ Authorization: "Bearer secret" });
  });

  it("F-152 names the document of the credentials for a server that listens", () => {
    const spec = buildSidecarSpec({ ...remote, outrigger: { auth: "secrets/remote.yaml" } }, surroundings, place);
    expect(spec.args.join(" ")).toContain("--upstream https://a/mcp --upstream-auth secrets/remote.yaml");
    expect(buildSidecarSpec(remote, surroundings, place).args).not.toContain("--upstream-auth");
  });

  it("does not hand our own variables on: a policy of the shell must not reach a sidecar unseen", () => {
    const { env } = buildSidecarSpec(local, surroundings, place);
    expect(Object.keys(env).filter((name) => name.startsWith("OUTRIGGER_"))).toEqual(["OUTRIGGER_SERVER_ENV"]);
  });

  it("asks for the ports of the last run again", () => {
    const lastPorts = { dataPort: 11, controlPort: 12, adminPort: 13 };
    const { args } = buildSidecarSpec(local, surroundings, { ...place, lastPorts });
    expect(args.join(" ")).toContain("--listen 127.0.0.1:11 --control 127.0.0.1:12 --admin 127.0.0.1:13");
  });
});
