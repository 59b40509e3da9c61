/** `outrigger inject` over manifests of all kinds: what is printed, what is said, how it ends. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CommanderError } from "commander";
import { afterEach, describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { recordIo, type RecordedIo } from "../recorded-io.ts";
import { createInjectCommand } from "./inject.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function createFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-inject-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

async function run(stdin: string, args: readonly string[] = [], cwd?: string): Promise<RecordedIo> {
  const recorded = recordIo({ stdin, ...(cwd === undefined ? {} : { cwd }) });
  const command = createInjectCommand(recorded.io)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  await command.parseAsync(args.includes("-f") ? [...args] : ["-f", "-", ...args], { from: "user" });
  return recorded;
}

const deployment = `# The search server.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: search # its name is the server's
  annotations:
    note: 'kept as "written"'
spec:
  replicas: 2
  template:
    metadata:
      labels:
        outrigger.dev/inject: enabled
    spec:
      # One container.
      containers:
      - name: app
        image: registry.example.com/search:1.4.2   # pinned
        args: ["--port", "8080"]
        ports:
        - containerPort: 8080
      volumes:
      - name: script
        configMap: {name: script, defaultMode: 0755}
      futureField: 12345678901234567890
`;
const service = `apiVersion: v1
kind:   Service
metadata: {name: search}
spec: {ports: [{port: 80}]}
`;

const withAnnotation = (line: string): string =>
  deployment.replace("      labels:\n", `      annotations:\n        ${line}\n      labels:\n`);

describe("outrigger inject", () => {
  it("F-026 prints the manifest with the sidecar in it, and says so", async () => {
    const { out, err, exitCode } = await run(deployment);
    const template = (parse(out()) as { spec: { template: object } }).spec.template;
    expect(template).toMatchObject({
      metadata: { labels: { "outrigger.dev/injected": "true", "outrigger.dev/server": "search" } },
      spec: { initContainers: [{ name: "outrigger-sidecar", restartPolicy: "Always" }] },
    });
    expect(err()).toBe("Deployment/search in default: injected [Injected]\n");
    expect(exitCode()).toBeUndefined();
  });

  it("F-026 changes nothing but what it adds: comments, order, quotes and numbers stay", async () => {
    const { out } = await run(deployment);
    const lines = out().split("\n");
    const kept = deployment
      .trimEnd()
      .split("\n")
      .map((line) => line.replace(/(\S) +#/, "$1 #"));
    // Every line of the input stands in the output, in its order.
    let at = 0;
    for (const line of kept) {
      const found = lines.indexOf(line, at);
      expect(found, line).toBeGreaterThanOrEqual(at);
      at = found + 1;
    }
  });

  it("F-026 prints the same when it is applied to its own output", async () => {
    for (const input of [
      deployment,
      `${service}---\n${deployment}`,
      withAnnotation("outrigger.dev/port-mode: loopback"),
    ]) {
      const once = await run(input);
      const twice = await run(once.out());
      expect(twice.out()).toBe(once.out());
      expect(twice.err()).toContain("Deployment/search in default: unchanged [AlreadyInjected]");
    }
  });

  it("leaves documents of other kinds as they are, to the byte", async () => {
    const { out, err } = await run(`${service}---\n# only a comment\n---\n${deployment}---\n${service}`);
    expect(out().startsWith(`${service}---\n# only a comment\n---\n`)).toBe(true);
    expect(out().endsWith(`---\n${service}`)).toBe(true);
    expect(err().split("\n").slice(0, 2)).toEqual([
      "Service/search in default: unchanged [UnsupportedKind]",
      "Deployment/search in default: injected [Injected]",
    ]);
    expect(parseAllDocuments(out())).toHaveLength(4);
  });

  it("keeps the indentation of the file", async () => {
    const indented = `apiVersion: v1
kind: Pod
metadata:
    name: search
    labels:
        outrigger.dev/inject: enabled
spec:
    containers:
        - name: app
          ports:
              - containerPort: 8080
`;
    const { out } = await run(indented);
    expect(out()).toContain("    initContainers:\n        - name: outrigger-sidecar\n");
    expect((await run(deployment)).out()).toContain("      initContainers:\n      - name: outrigger-sidecar\n");
  });

  it("reads and prints JSON, with numbers of any size", async () => {
    const json = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels":{"outrigger.dev/inject":"enabled"}},
\t"spec":{"futureField":12345678901234567890,"containers":[{"name":"app","ports":[{"containerPort":8080}]}]}}`;
    const { out } = await run(json);
    expect(JSON.parse(out())).toMatchObject({ spec: { initContainers: [{ name: "outrigger-sidecar" }] } });
    expect(out()).toContain('"futureField": 12345678901234567890');
    expect((await run(out())).out()).toBe(out());
    expect((await run(json, ["-o", "yaml"])).out()).not.toMatch(/^\{\s*$/m);
  });

  it("prints several documents as one JSON list, with octal numbers as Kubernetes reads them", async () => {
    const { out } = await run(`${service}---\n${deployment}`, ["-o", "json"]);
    const list = JSON.parse(out()) as { kind: string; items: { kind: string }[] };
    expect([list.kind, ...list.items.map((item) => item.kind)]).toEqual(["List", "Service", "Deployment"]);
    expect(out()).toContain('"defaultMode": 493');
    const again = await run(out());
    expect(again.out()).toBe(out());
  });

  it("writes out what anchors share, so that a change stays where it belongs", async () => {
    const shared = `apiVersion: v1
kind: List
items:
- &pod
  apiVersion: v1
  kind: Pod
  metadata: {name: a, labels: {outrigger.dev/inject: enabled}}
  spec: {containers: [{name: app, ports: [{containerPort: 8080}]}]}
- <<: *pod
  metadata: {name: b}
`;
    const { out, err } = await run(shared);
    const items = (parse(out()) as { items: { metadata: { name: string }; spec: object }[] }).items;
    expect(err()).toContain("Pod/a in default: injected [Injected]");
    expect(err()).toContain("Pod/b in default: unchanged [NotOptedIn]");
    expect(items[0]?.spec).toHaveProperty("initContainers");
    expect(items[1]).toMatchObject({ metadata: { name: "b" }, spec: { containers: [{ name: "app" }] } });
    expect(items[1]?.spec).not.toHaveProperty("initContainers");
  });

  it("F-018 asks as the labels of the namespace select", async () => {
    const unlabelled = deployment.replace("outrigger.dev/inject: enabled", "app: search");
    const label = ["--namespace-label", "outrigger.dev/inject=enabled"];
    expect((await run(unlabelled)).err()).toContain("unchanged [NotOptedIn]");
    expect((await run(unlabelled, label)).err()).toContain("injected [Injected]");
    expect((await run(unlabelled, ["--scope", "namespace"])).err()).toContain("injected [Injected]");
    const optedOut = deployment.replace("inject: enabled", "inject: disabled");
    expect((await run(optedOut, label)).err()).toContain("unchanged [OptedOut]");
    const enforced = await run(optedOut, ["--namespace-label", "outrigger.dev/enforce=required"]);
    expect(enforced.err()).toContain("refused [OptOutRefused]");
    expect(enforced.exitCode()).toBe(1);
  });

  it("hints at the template when the label stands on the workload", async () => {
    const misplaced = deployment
      .replace("        outrigger.dev/inject: enabled", "        app: search")
      .replace("  annotations:\n", "  labels:\n    outrigger.dev/inject: enabled\n  annotations:\n");
    expect((await run(misplaced)).err()).toContain("outrigger.dev/inject belongs on spec.template.metadata.labels");
  });

  it("takes annotations of the namespace, its name, the image and a configuration", async () => {
    const folder = createFolder({
      "injection.yaml": "image: registry.example.com/a:1\ndefaults:\n  logLevel: debug\n",
    });
    const args = [
      "--namespace-annotation",
      "outrigger.dev/deny-tools=delete_*,drop_*",
      "-n",
      "tools",
      "--config",
      "injection.yaml",
    ];
    const { out, err } = await run(deployment, args, folder);
    expect(out()).toContain("delete_*");
    expect(out()).toContain("registry.example.com/a:1");
    expect(out()).toContain("- name: OUTRIGGER_LOG_LEVEL\n          value: debug\n");
    expect(err()).toContain("Deployment/search in tools: injected");
    expect((await run(deployment, [...args, "--image", "b:2"], folder)).out()).toContain("image: b:2\n");
  });

  it("prints all problems of a refused manifest, and nothing else", async () => {
    const refused = withAnnotation("outrigger.dev/rate-limit: 60/sec").replace(
      "      containers:",
      "      hostNetwork: true\n      containers:",
    );
    const { out, err, exitCode } = await run(`${deployment.replace("name: search", "name: other")}---\n${refused}`);
    expect(out()).toBe("");
    expect(exitCode()).toBe(1);
    expect(err()).toContain("Deployment/other in default: injected [Injected]");
    expect(err()).toContain("Deployment/search in default: refused [HostNetwork]");
    expect(err()).toContain('outrigger.dev/rate-limit="60/sec": expected <n>/<s|m|h>, e.g. "60/m" [InvalidAnnotation]');
    expect(err()).toContain(
      "1 of 2 objects can't be injected, so nothing was printed. [OUTRIGGER_ERR_INJECTION_REFUSED]",
    );
  });

  it.each([
    ["bad YAML", `${service}---\nkind: Pod\n  x: [\n`, /stdin: line 6: /],
    ["a key twice", "kind: Pod\nkind: Pod\n", /stdin: line 2: .*unique/],
    [
      "a document that is no object",
      `${service}---\n- 1\n`,
      /stdin: line 6: expected an object with apiVersion and kind/,
    ],
    ["an object without kind", "# x\nmetadata: {}\n", /stdin: line 2: expected an object with apiVersion and kind/],
  ])("names file, line and what was expected for %s", async (_name, text, message) => {
    const { out, err, exitCode } = await run(text);
    expect(out()).toBe("");
    expect(err()).toMatch(message);
    expect(err()).toContain("[OUTRIGGER_ERR_MANIFEST_INVALID]");
    expect(exitCode()).toBe(2);
  });

  it("names file and line of a wrong configuration", async () => {
    const folder = createFolder({ "injection.yaml": "image: a:1\nports:\n  data: 80\n" });
    const { err, exitCode } = await run(deployment, ["--config", "injection.yaml"], folder);
    expect(err()).toContain("injection.yaml: line 3: ports.data: expected a port from 1024 to 65535");
    expect(exitCode()).toBe(2);
  });

  it("says which file it can't read", async () => {
    const { err, exitCode } = await run("", ["-f", "nothing-here.yaml"], createFolder({}));
    expect(err()).toContain("Can't read nothing-here.yaml");
    expect(exitCode()).toBe(2);
  });

  it.each([
    ["--namespace-label", "novalue"],
    ["--scope", "cluster"],
    ["-o", "xml"],
  ])("refuses %s %s", async (...args) => {
    await expect(run(deployment, args)).rejects.toBeInstanceOf(CommanderError);
  });
});

describe("the golden cases of the webhook", () => {
  const root = fileURLToPath(new URL("../../../webhook/src/inject/testdata", import.meta.url));
  // Cases about requests that no manifest can make, and with a configuration of their own, are the webhook's alone.
  const cases = readdirSync(root).filter((name) => {
    const settings = Object.keys(JSON.parse(readFileSync(join(root, name, "config.json"), "utf8")) as object);
    return settings.every((key) => ["scope", "namespace", "namespaceAnnotations"].includes(key));
  });

  it.each(cases)("F-026 %s comes out as in the webhook", async (name) => {
    const settings = JSON.parse(readFileSync(join(root, name, "config.json"), "utf8")) as {
      scope: string;
      namespace?: string;
      namespaceAnnotations?: Record<string, string>;
    };
    const expected = JSON.parse(readFileSync(join(root, name, "expected.json"), "utf8")) as {
      action: string;
      reason: string;
    };
    const annotations = Object.entries(settings.namespaceAnnotations ?? {}).flatMap(([key, value]) => [
      "--namespace-annotation",
      `${key}=${value}`,
    ]);
    const input = readFileSync(join(root, name, "input.yaml"), "utf8");
    const args = ["--scope", settings.scope, "-n", settings.namespace ?? "tools", ...annotations];
    const { out, err, exitCode } = await run(input, args);
    expect(err()).toContain(`[${expected.reason}]`);
    expect(exitCode()).toBe(expected.action === "deny" ? 1 : undefined);
    if (expected.action === "inject") expect((await run(out(), args)).out()).toBe(out());
  });
});

describe("outrigger inject --uninject", () => {
  const label = "  note: its label outrigger.dev/inject=enabled asks for a sidecar where Outrigger is installed\n";
  const probed = deployment.replace(
    "        ports:\n",
    `        readinessProbe:
          tcpSocket:
            port: 8080
          periodSeconds: 3 # often
        ports:
`,
  );

  it.each<[string, string]>([
    ["a Deployment", deployment],
    ["a list of documents", `${service}---\n# only a comment\n---\n${deployment}`],
    ["a server on loopback", withAnnotation("outrigger.dev/port-mode: loopback")],
  ])("F-026 gives %s back as it was written", async (_name, text) => {
    const given = text.replace(/(\S) +#/g, "$1 #");
    const injected = await run(given);
    expect(injected.out()).toContain("outrigger-sidecar");
    const { out, err } = await run(injected.out(), ["--uninject"]);
    expect(out()).toBe(given);
    expect(err()).toContain(`Deployment/search in default: sidecar taken out [Uninjected]\n${label}`);
  });

  it("gives a probe back with what was written beside it", async () => {
    const given = probed.replace(
      "      labels:\n",
      "      annotations:\n        outrigger.dev/probes: rewrite\n      labels:\n",
    );
    const injected = await run(given);
    expect(injected.out()).toContain("/app-health/app/readyz");
    const { out } = await run(injected.out(), ["--uninject"]);
    expect(parse(out())).toEqual(parse(given));
    expect(out()).toContain("periodSeconds: 3 # often\n");
  });

  it("gives a stdio server its command, ports and terminal back", async () => {
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "p",
        labels: { "outrigger.dev/inject": "enabled" },
        annotations: { "outrigger.dev/transport": "stdio" },
      },
      spec: {
        containers: [{ name: "app", command: ["node", "x.js"], tty: true, ports: [{ containerPort: 8080 }] }],
      },
    };
    const injected = await run(JSON.stringify(pod));
    const { out } = await run(injected.out(), ["--uninject"]);
    expect(JSON.parse(out())).toEqual(pod);
  });

  it("leaves what was never injected to the byte, and says so", async () => {
    const { out, err, exitCode } = await run(`${service}---\n${deployment}`, ["--uninject"]);
    expect(out()).toBe(`${service}---\n${deployment}`);
    expect(err()).toBe(
      `Service/search in default: unchanged [UnsupportedKind]\nDeployment/search in default: unchanged [NothingInjected]\n${label}`,
    );
    expect(exitCode()).toBeUndefined();
  });

  it("takes no options that are about injecting", async () => {
    await expect(run(deployment, ["--uninject", "--image", "x"])).rejects.toThrow(CommanderError);
  });
});
