/** Who may import whom. Each rule names the leak that it prevents. Run by `npm run deps`. */

/** Source folders of our packages and programs. */
const own = {
  api: "^packages/api/",
  mcp: "^packages/mcp/",
  policy: "^packages/policy/",
  kube: "^packages/kube/",
  runtime: "^packages/runtime/",
  certs: "^certs/",
  webhook: "^webhook/",
  sidecar: "^sidecar/",
  aggregator: "^aggregator/",
  operator: "^operator/",
  cli: "^cli/",
};

const every = Object.values(own);
const except = (...names) => every.filter((path) => !names.map((name) => own[name]).includes(path));
const source = (path) => ({ path, pathNot: "\\.test\\.ts$|\\.bench\\.ts$" });
const npm = (...names) => names.map((name) => `^(node_modules/)?${name}(/|$)|node_modules/${name}/`);
const node = { dependencyTypes: ["core"] };

const rule = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

export default {
  forbidden: [
    rule("no-circular", "A cycle has no order in which it can be read or tested.", {}, { circular: true }),
    rule(
      "no-orphan-import",
      "An import that resolves to nothing fails on somebody else's machine.",
      {},
      { couldNotResolve: true },
    ),
    rule(
      "no-deep-import",
      "Past a package's exports everything is private: a deep import freezes the inside of its neighbour.",
      source("^(packages/([^/]+)|certs|webhook|sidecar|aggregator|operator|cli)/"),
      { path: "node_modules/@outrigger/[^/]+/src/" },
    ),
    rule(
      "api-imports-nothing",
      "The contract must be readable by everyone, so it depends on nobody.",
      source(own.api),
      {
        path: except("api"),
      },
    ),
    rule("api-has-no-node", "The contract is also read where there is no Node.", source(own.api), node),
    rule(
      "mcp-is-pure",
      "Inspection that knows our vocabulary or a socket can't be fuzzed on its own.",
      source(own.mcp),
      {
        path: except("mcp"),
      },
    ),
    rule(
      "mcp-has-no-libraries",
      "Libraries read MCP into objects and drop what they do not know; bytes must pass as they are.",
      source(own.mcp),
      { dependencyTypes: ["npm", "npm-dev"] },
    ),
    rule("mcp-has-no-io", "A scanner that could read files or sockets could leak what it scans.", source(own.mcp), {
      path: "^(node:)?(net|http|https|fs|child_process|dgram|tls)(/|$)",
    }),
    rule("policy-is-pure", "A decision that could ask somebody could be made to wait or to lie.", source(own.policy), {
      path: except("policy", "api", "mcp"),
    }),
    rule(
      "policy-has-no-node",
      "A decision with a clock or a file of its own can't be repeated.",
      source(own.policy),
      node,
    ),
    rule(
      "runtime-knows-no-product",
      "Being a process is the same for every program; product words in it would couple all.",
      source(own.runtime),
      {
        path: except("runtime"),
      },
    ),
    rule(
      "kube-knows-no-mcp",
      "The cluster's client must not depend on what its objects mean to MCP.",
      source(own.kube),
      {
        path: except("kube", "api", "runtime"),
      },
    ),
    rule(
      "only-kube-has-the-client",
      "The Kubernetes client costs 70 MiB and has defects that one place works around.",
      source("^(?!packages/kube/)"),
      {
        path: npm("@kubernetes/client-node"),
      },
    ),
    rule("certs-know-no-mcp", "Keys and certificates are worth auditing alone.", source(own.certs), {
      path: except("certs", "api", "kube", "runtime"),
    }),
    rule(
      "webhook-knows-no-mcp",
      "Admission decides about pods; protocol code in it would grow its attack surface.",
      source(own.webhook),
      {
        path: except("webhook", "api", "policy", "kube", "runtime", "certs"),
      },
    ),
    rule(
      "injection-is-pure",
      "Decision and plan are the same function in webhook and CLI, so neither server nor cluster may be in them.",
      source("^webhook/src/inject/"),
      { path: ["^webhook/src/server/", "^webhook/src/main", own.kube, own.runtime, own.certs, ...npm("fastify")] },
    ),
    rule(
      "sidecar-has-no-control-plane",
      "The sidecar must go on enforcing when the control plane is gone.",
      source(own.sidecar),
      {
        path: except("sidecar", "api", "mcp", "policy", "runtime"),
      },
    ),
    rule("sidecar-is-small", "Every megabyte in the sidecar is paid once per pod.", source(own.sidecar), {
      path: [...npm("zod", "prom-client", "fastify", "@modelcontextprotocol/[^/]+"), "^packages/runtime/src/metrics"],
    }),
    rule(
      "http-knows-no-calls",
      "What reads requests is worth auditing alone, and what it may be asked for stands in one file, visit.ts.",
      source("^sidecar/src/downstream/"),
      { path: "^sidecar/src/(?!downstream/|bind\\.ts$)" },
    ),
    rule(
      "aggregator-knows-no-programs",
      "Programs meet through the network only, so that each can be replaced.",
      source(own.aggregator),
      {
        path: except("aggregator", "api", "mcp", "policy", "kube", "runtime"),
      },
    ),
    rule(
      "operator-knows-no-protocol",
      "The operator sits in no request path; what it knows of MCP would tempt it into one.",
      source(own.operator),
      {
        path: except("operator", "api", "policy", "kube", "runtime", "certs"),
      },
    ),
    rule(
      "cli-starts-programs",
      "The CLI starts programs as processes; importing them would make a second way to run them.",
      source(own.cli),
      {
        path: except("cli", "api", "kube", "mcp", "policy", "runtime", "webhook", "certs"),
      },
    ),
    rule("cli-takes-the-pure-part", "Of the webhook only the pure function is shared.", source(own.cli), {
      path: "^webhook/src/(server|main)",
    }),
    rule("cli-makes-no-certificates", "The CLI reads certificates; whoever makes them holds keys.", source(own.cli), {
      path: "^certs/src/(?!facts\\.ts$)",
    }),
    rule(
      "only-logger-has-pino",
      "One place decides how lines look and what is redacted.",
      source("^(?!packages/runtime/src/logger)"),
      {
        path: npm("pino"),
      },
    ),
    rule(
      "tests-are-not-imported",
      "Code that needs a test to run is not finished.",
      source("^(packages|certs|webhook|sidecar|aggregator|operator|cli)/"),
      {
        path: ["^test/", "\\.test\\.ts$", "^docs/"],
      },
    ),
  ],
  options: {
    includeOnly: "^(packages|certs|webhook|sidecar|aggregator|operator|cli|node_modules)/|^node:|^[a-z_]+$",
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/|\\.d\\.ts$|testdata" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: {
      conditionNames: ["outrigger-source", "import", "node", "default"],
      exportsFields: ["exports"],
      extensions: [".ts", ".js", ".json"],
    },
  },
};
