import { expect, it } from "vitest";
import { readAggregatorSettings } from "./settings.ts";

const read = (argv: readonly string[], env: Record<string, string> = {}) => readAggregatorSettings({ argv, env });

it("names tools by server for a file, by namespace for pods, unless told otherwise", () => {
  expect(read(["--servers", "f"])).toMatchObject({ settings: { plan: { qualify: "server", namespace: "local" } } });
  expect(read(["--kube", "in-cluster"])).toMatchObject({ settings: { plan: { qualify: "namespace" } } });
  expect(read(["--servers", "f", "--names", "namespace"])).toMatchObject({
    settings: { plan: { qualify: "namespace" } },
  });
  expect(read(["--kube", "kubeconfig", "--namespaces", "tools", "--names", "server"])).toMatchObject({
    settings: { plan: { qualify: "server", namespace: "tools" } },
  });
});

it("refuses names without namespace where they would not tell servers apart", () => {
  for (const argv of [
    ["--kube", "in-cluster"],
    ["--kube", "in-cluster", "--namespaces", "a,b"],
    ["--kube", "in-cluster", "--namespaces", "a", "--servers", "f"],
  ]) {
    expect(read([...argv, "--names", "server"])).toMatchObject({ ok: false });
  }
});

it("reads lists of servers as NAMESPACE/NAME of ConfigMaps, which need a cluster", () => {
  expect(read(["--kube", "in-cluster", "--server-lists", "partners/servers,vendors/list.v2"])).toMatchObject({
    settings: {
      serverLists: [
        { namespace: "partners", name: "servers" },
        { namespace: "vendors", name: "list.v2" },
      ],
    },
  });
  for (const text of ["servers", "a/b/c", "a/", "/b", "a b/c", "a/b,", "a.b/c"])
    expect(read(["--kube", "in-cluster", "--server-lists", text]), text).toMatchObject({
      problems: [expect.stringContaining('such as "partners/servers"')],
    });
  expect(read(["--servers", "f", "--server-lists", "a/b"])).toMatchObject({
    problems: ["--server-lists goes with --kube"],
  });
});

it("names tools by server alone where all lists are of the one namespace", () => {
  const flags = ["--kube", "in-cluster", "--namespaces", "tools", "--names", "server", "--server-lists"];
  expect(read([...flags, "tools/servers"])).toMatchObject({
    settings: { plan: { qualify: "server", namespace: "tools" } },
  });
  expect(read([...flags, "partners/servers"])).toMatchObject({
    problems: [expect.stringContaining("exactly one place")],
  });
});

it("reports every problem at once, and takes flags before the environment", () => {
  expect(read(["--mode", "both", "--namespaces", "A B", "--listen", "x"])).toMatchObject({
    ok: false,
    problems: { length: 3 },
  });
  expect(read([], {})).toEqual({ ok: false, problems: ["nothing to serve: give --servers FILE, --kube MODE or both"] });
  expect(read(["--namespaces", "a", "--servers", "f", "--", "x"])).toMatchObject({ problems: { length: 2 } });
  const both = read(["--listen", "0.0.0.0:1", "--auth", "none"], {
    OUTRIGGER_LISTEN: "127.0.0.1:2",
    OUTRIGGER_SERVERS: "f",
  });
  expect(both).toMatchObject({ settings: { listen: { host: "0.0.0.0", port: 1 }, servers: "f", mode: "search" } });
});

it("starts with no collector at an address that no collector has", () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://169.254.169.254:4318" };
  expect(read(["--servers", "f"], endpoint)).toMatchObject({
    problems: [expect.stringContaining("OTEL_EXPORTER_OTLP_ENDPOINT: expected the address of a collector")],
  });
  const usual = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.telemetry:4318" };
  expect(read(["--servers", "f"], usual)).toMatchObject({ ok: true });
});

it("reads the place of the API server: a word or a base URL", () => {
  expect(read(["--kube", "http://127.0.0.1:8001"])).toMatchObject({
    settings: { kube: { mode: "url", baseUrl: "http://127.0.0.1:8001" } },
  });
  expect(read(["--kube", "kubeconfig"])).toMatchObject({ settings: { kube: { mode: "kubeconfig" } } });
  for (const text of ["cluster", "ftp://x", "127.0.0.1:8001"]) expect(read(["--kube", text]).ok, text).toBe(false);
});

it("knows of sleeping servers where the cluster is given, and wakes them where it is told whom to ask and by which token", () => {
  const cluster = ["--kube", "in-cluster", "--asleep", "outrigger-system"];
  expect(read(cluster)).toMatchObject({
    settings: { asleep: "outrigger-system", wakeQueue: 100, wakeTimeoutMs: 60_000 },
  });
  const waking = [...cluster, "--wake-url", "http://operator:8082/", "--wake-token", "/token"];
  expect(read([...waking, "--wake-queue", "5", "--wake-timeout", "2s"])).toMatchObject({
    settings: { wakeUrl: "http://operator:8082", wakeToken: "/token", wakeQueue: 5, wakeTimeoutMs: 2_000 },
  });
  expect(read(["--servers", "f", "--asleep", "a"])).toMatchObject({ problems: ["--asleep goes with --kube"] });
  expect(read([...cluster, "--wake-url", "http://o:1"])).toMatchObject({
    problems: [expect.stringContaining("together")],
  });
  const alone = ["--kube", "in-cluster", "--wake-url", "http://o:1", "--wake-token", "/token"];
  expect(read(alone)).toMatchObject({ problems: ["--wake-url goes with --asleep"] });
  for (const value of ["operator:8082", "http://o:1/v1", "ftp://o"]) {
    expect(read([...waking, "--wake-url", value]).ok, value).toBe(false);
  }
  for (const value of ["-1", "1001", "many"]) expect(read([...waking, "--wake-queue", value]).ok, value).toBe(false);
});

it("F-099 reads what endpoints show, and refuses what does not go together", () => {
  const serve = (...flags: string[]) => read(["--servers", "f", ...flags]);
  expect(serve("--mode", "hybrid", "--pinned", "git__*,files__read")).toMatchObject({
    settings: { mode: "hybrid", pinned: ["git__*", "files__read"], directBelow: 20 },
  });
  expect(serve("--mode", "auto", "--direct-below", "0")).toMatchObject({ settings: { directBelow: 0 } });
  for (const flags of [
    ["--mode", "hybrid"],
    ["--pinned", "a"],
    ["--mode", "direct", "--pinned", "a"],
  ])
    expect(serve(...flags), flags.join(" ")).toMatchObject({
      problems: [expect.stringContaining("--mode and --pinned")],
    });
  for (const flags of [
    ["--direct-below", "201"],
    ["--mode", "auto", "--pinned", Array(33).fill("a").join(",")],
  ])
    expect(serve(...flags).ok, flags.join(" ")).toBe(false);
});

it("F-084 F-090 reads groups, servers and labels by exact names", () => {
  const flags = ["--groups", "code, data", "--exclude-servers", "tools/inspector,debug"];
  expect(read(["--servers", "f", ...flags, "--exclude-labels", "team=platform,example.com/internal"])).toMatchObject({
    settings: {
      groups: ["code", "data"],
      excludeServers: ["tools/inspector", "debug"],
      excludeLabels: [{ key: "team", value: "platform" }, { key: "example.com/internal" }],
    },
  });
  for (const [flag, text] of [
    ["--groups", "Code"],
    ["--groups", ""],
    ["--exclude-servers", "a/b/c"],
    ["--exclude-servers", "a,,b"],
    ["--exclude-labels", "=x"],
    ["--exclude-labels", "a=b=c"],
  ] as const)
    expect(read(["--servers", "f", flag, text]), `${flag} ${text}`).toMatchObject({
      ok: false,
      problems: { length: 1 },
    });
});
