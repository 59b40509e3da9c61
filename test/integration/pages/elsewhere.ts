/** Pages and commands that no test of the pages runs here: each with who runs it, and where that can be seen. */

/** A page that another tier follows from top to bottom; `words` in `file` show it. */
export interface PageElsewhere {
  readonly page: string;
  readonly file: string;
  readonly words: string;
}

/** The pages. */
export const pagesElsewhere: readonly PageElsewhere[] = [
  {
    page: "docs/tutorials/kubernetes.md",
    file: "test/cluster/suite/path/tutorial.test.ts",
    words: 'const page = "docs/tutorials/kubernetes.md";',
  },
  {
    page: "docs/tutorials/ten-servers.md",
    file: "test/integration/ten-servers.test.ts",
    words: 'const page = "docs/tutorials/ten-servers.md";',
  },
];

/** `words` stand in `file`, which shows that it is run there, or that what it would do is checked there. */
export interface RunElsewhere {
  readonly command: string;
  readonly file: string;
  readonly words: string;
  readonly why: string;
}

/** The table. Commands as the pages write them. */
export const runElsewhere: readonly RunElsewhere[] = [
  row("npm ci", ".ci/run", "step install npm ci", "CI begins with it; it would replace what a test runs on"),
  row("npm test", ".ci/run", "step test npm test", "CI runs it, and with it every test of the pages"),
  row(
    "npm run demo",
    "test/demo/demo.test.ts",
    "startDemo([])",
    "does not end by itself; its own test runs and ends it",
  ),
  row("npm run demo -- --once", ".ci/run", "npm run --silent demo -- --once", "CI runs it"),
  row("npm run conformance", ".ci/run", "npm run --silent conformance", "CI runs it"),
  row("npm run conformance -- aggregator", ".ci/run", "npm run --silent conformance -- aggregator", "CI runs it"),
  row("npm run bench -- sidecar --quick", ".ci/run", "bench -- sidecar --quick", "CI runs it"),
  row("npm run bench -- sidecar --case startup", ".ci/run", "bench -- sidecar --quick", "CI runs it with other cases"),
  row("npm run bench -- sidecar --case streams", ".ci/run", "bench -- sidecar --quick", "CI runs it with other cases"),
  row("npm run bench -- sidecar", ".ci/run", "bench -- sidecar --quick", "CI runs its quick form"),
  row(
    "npm run bench -- webhook",
    "test/bench/bench.test.ts",
    'bench("webhook", ',
    "its own test runs the cases that need no cluster; the others take minutes on one",
  ),
  row("npm run bench -- webhook --quick", ".ci/run", "bench -- webhook --quick", "CI runs it"),
  row("npm run bench -- aggregator --quick", ".ci/run", "bench -- aggregator --quick", "CI runs it"),
  row("npm run bench -- aggregator", ".ci/run", "bench -- aggregator --quick", "CI runs its quick form"),
  row(
    "npm run bench -- cluster",
    "test/bench/main.ts",
    "benchCluster(",
    "needs a cluster that nobody else uses, and minutes",
  ),
  row("npm run fuzz -- --minutes 5", "test/fuzz/options.ts", "[--minutes N]", "takes minutes and is at random"),
  row("npm run fuzz -- --replay FILE", "test/fuzz/options.ts", "--replay FILE", "FILE stands for what a run kept"),
  row(
    "node --conditions=outrigger-source test/fixtures/releases/keep.ts ../outrigger-0.1.0",
    "test/fixtures/releases/keep.ts",
    "process.argv",
    "needs a release's tree beside this one",
  ),
  row("npm run soak", "test/soak/main.ts", "[--minutes N]", "takes an hour"),
  row("npm run soak -- --minutes 60", "test/soak/main.ts", "[--minutes N]", "takes an hour"),
  row("npm run lint", "package.json", "npm run --silent lint && vitest run", "npm test begins with it"),
  row("npm run deps", "test/lint/run.ts", '"deps"', "npm run lint runs it"),
  row("npm run format", "test/lint/run.ts", '"prettier", "--check"', "writes what npm run lint compares"),
  row(
    "npm run docs",
    "test/lint/run.ts",
    '"docs/reference/generate.ts", "--check"',
    "writes what npm run lint compares",
  ),
  row("npm run features", "test/lint/run.ts", '"docs/generate-features.ts", "--check"', "writes what lint compares"),
  row("npm run cluster -- up", ".ci/run", "npm run --silent cluster -- up", "needs root and minutes; CI runs it"),
  row("npm run test:chaos", ".ci/run", "npm run --silent test:chaos", "needs the cluster's binaries; CI runs it"),
  row(
    "npm run test:chaos -- --seconds 60",
    "test/chaos/options.ts",
    "[--seconds N]",
    "takes minutes; CI runs it shorter",
  ),
  row(
    "npm run test:chaos -- --faults api-frozen --seconds 600",
    "test/chaos/options.ts",
    "[--faults NAME,NAME]",
    "takes ten minutes",
  ),
  row("npm run test:tools", ".ci/run", "npm run --silent test:tools", "a tier of its own; CI runs it"),
  row("npm run test:images", ".ci/run", "npm run --silent test:images", "a tier of its own; CI runs it"),
  row("npm run test:cluster", ".ci/run", "npm run --silent test:cluster", "a tier of its own; CI runs it"),
  row("npm run cluster -- status", ".ci/run", "npm run --silent cluster -- status", "CI runs it"),
  row("npm run cluster -- down", ".ci/run", "npm run --silent cluster -- down", "CI runs it"),
  row(
    "npm run cluster -- import a.tar b.tar",
    "test/cluster/commands.ts",
    "import",
    "the cluster tier loads its images so",
  ),
  row("npm run cluster -- node iptables-save", "test/cluster/commands.ts", "node", "needs a running cluster"),
  row(
    "apt-get install -y --no-install-recommends containerd runc containernetworking-plugins iptables ipset iproute2 conntrack socat nftables kmod unzip util-linux busybox-static",
    "test/cluster/providers/local/host/packages.ts",
    "--no-install-recommends",
    "the local cluster installs them itself in CI",
  ),
  row(
    "npx outrigger connect",
    "test/cluster/suite/path/terminal.ts",
    '["connect", "--kubeconfig", kubeconfig,',
    "needs a cluster; the cluster tier forwards so",
  ),
  row(
    "npx outrigger client-config --client codex --token-env OUTRIGGER_TOKEN",
    "cli/src/clients/clients.test.ts",
    "codex: 'bearer_token_env_var = \"TEAM_TOKEN\"'",
    "prints a file; the unit tier compares it",
  ),
  row("npm run charts", "test/lint/run.ts", '"charts/generate.ts", "--check"', "writes what npm run lint compares"),
  row(
    "npm run charts -- --package",
    "test/charts/distribution.test.ts",
    '[...script, "--package", "--out", out]',
    "the tier of tools runs it with helm",
  ),
  row(
    "npm run charts -- --package --url https://charts.example.com/outrigger",
    "test/charts/distribution.test.ts",
    'url: "https://charts.test/outrigger"',
    "the tier of tools packs for an address of its own",
  ),
  row(
    "helm install outrigger outrigger --repo https://charts.example.com/outrigger --version 0.3.0 --namespace outrigger-system --create-namespace --set images.registry=registry.example.com/outrigger --wait",
    "test/charts/distribution.test.ts",
    '["outrigger", "--repo", repository.url, "--version", version]',
    "the tier of tools takes the chart so from a repository of its own",
  ),
  row(
    "helm push dist/charts/outrigger-0.3.0.tgz oci://registry.example.com/charts",
    "test/charts/distribution.test.ts",
    '["push", packaged.archive, registry.url,',
    "the tier of tools pushes to a registry of its own",
  ),
  row(
    "helm install outrigger oci://registry.example.com/charts/outrigger --version 0.3.0 --namespace outrigger-system --create-namespace --set images.registry=registry.example.com/outrigger --wait",
    "test/charts/distribution.test.ts",
    '[`${registry.url}/outrigger`, "--version", version,',
    "the tier of tools takes the chart so from a registry of its own",
  ),
  row(
    "kubectl apply --server-side --filename dist/charts/install.yaml",
    "test/cluster/suite/path/install-yaml.test.ts",
    'kubectl("apply", "--server-side", ...args)',
    "the cluster tier applies the file so",
  ),
  row(
    "npm run images",
    "test/images/main.ts",
    "npm run images",
    "the tier of images runs it with and without Docker; it takes minutes",
  ),
  row(
    "npm run images -- --load kind",
    "test/images/local/images.test.ts",
    '"--load", target]',
    "the tier of images loads into the node of a kind cluster",
  ),
  row(
    "helm install outrigger charts/outrigger --namespace outrigger-system --create-namespace --set images.registry=registry.example.com/outrigger --wait",
    "docs/tutorials/kubernetes.md",
    "$ helm install outrigger charts/outrigger",
    "the tutorial for a cluster is run on one, with this command",
  ),
  row(
    "kubectl label namespace tools outrigger.dev/inject=enabled",
    "docs/tutorials/kubernetes.md",
    "$ kubectl label namespace tools outrigger.dev/inject=enabled",
    "run with the tutorial for a cluster",
  ),
  row(
    "kubectl port-forward --namespace outrigger-system service/outrigger-aggregator 7777:80",
    "docs/tutorials/kubernetes.md",
    "kubectl port-forward --namespace outrigger-system service/outrigger-aggregator 7777:80",
    "run with the tutorial for a cluster",
  ),
  row(
    "kubectl rollout restart deployment --namespace tools",
    "test/charts/notes.test.ts",
    "kubectl rollout restart deployment --namespace",
    "makes pods anew, which the cluster tier does with pods of its own",
  ),
  row(
    "kubectl rollout restart deployment --namespace NAMESPACE",
    "test/charts/notes.test.ts",
    "kubectl rollout restart deployment --namespace NAMESPACE",
    "the same",
  ),
  row(
    "kubectl label namespace NAMESPACE outrigger.dev/inject-",
    "operator/src/isolation/isolation.test.ts",
    "takes back what is wanted no more",
    "what the operator does then is checked there",
  ),
  row(
    "helm template charts/outrigger --set webhook.failurePolicy=fail",
    "test/charts/values.test.ts",
    'webhook: { failurePolicy: "fail" }',
    "is refused, which is checked there",
  ),
  row(
    "helm upgrade outrigger charts/outrigger --namespace outrigger-system --reset-then-reuse-values --wait",
    "test/cluster/product/install.ts",
    '"upgrade", "--install"',
    "the cluster tier upgrades so",
  ),
  row(
    "helm rollback outrigger --namespace outrigger-system --wait",
    "test/cluster/suite/path/lifecycle.test.ts",
    '"rollback", release.name',
    "the cluster tier rolls back so",
  ),
  row(
    "helm uninstall outrigger --namespace outrigger-system",
    "test/cluster/product/install.ts",
    '["uninstall", "--wait"',
    "every file of the cluster tier ends with it",
  ),
  row(
    "kubectl delete mutatingwebhookconfiguration outrigger",
    "charts/testdata/default/expected.yaml",
    "kind: MutatingWebhookConfiguration\nmetadata:\n  name: outrigger\n",
    "the chart renders it under this name",
  ),
  row(
    "kubectl delete validatingwebhookconfiguration outrigger",
    "charts/testdata/default/expected.yaml",
    "kind: ValidatingWebhookConfiguration\nmetadata:\n  name: outrigger\n",
    "the chart renders it under this name",
  ),
  row(
    "kubectl delete validatingadmissionpolicybinding --selector app.kubernetes.io/component=admission",
    "charts/testdata/default/expected.yaml",
    "app.kubernetes.io/component: admission",
    "the chart renders the label",
  ),
  row(
    "kubectl delete namespace outrigger-system",
    "test/cluster/product/install.ts",
    'namespace: "outrigger-system"',
    "the tests of a cluster share this namespace",
  ),
  row(
    "kubectl delete networkpolicy --all-namespaces --selector app.kubernetes.io/managed-by=outrigger-operator",
    "operator/src/cluster/network-policy.ts",
    'value: "outrigger-operator"',
    "the operator sets the label",
  ),
  row(
    "kubectl create namespace partners",
    "docs/examples/remote/relay.yaml",
    "kind: Namespace\nmetadata:\n  name: partners\n",
    "the manifest has it, too, so that it may come first",
  ),
  row(
    "kubectl create secret generic orders --namespace partners --from-file=client-secret",
    "test/integration/relay-example.test.ts",
    'secrets: { orders: { "client-secret": secret }',
    "a test mounts the same file where the manifest does, and runs the relay",
  ),
  row(
    "kubectl create secret generic stock --namespace partners --from-file=api-key",
    "test/integration/relay-example.test.ts",
    'stock: { "api-key": apiKey }',
    "the same",
  ),
  row(
    "kubectl apply --filename docs/examples/remote/relay.yaml",
    "test/integration/relay-example.test.ts",
    '"docs/examples/remote/relay.yaml"',
    "its relays need servers on the internet; a test runs both with their arguments in front of real ones",
  ),
  row(
    'helm upgrade outrigger charts/outrigger --namespace outrigger-system --reset-then-reuse-values --wait --set-json \'aggregator.serverLists=[{"namespace":"partners","name":"servers"}]\'',
    "docs/examples/sources/README.md",
    "--set-json 'aggregator.serverLists=[",
    "the cluster tier follows that page, with a list of its own",
  ),
  row("npx vitest run packages/policy", "vitest.config.ts", "{packages/*,", "npm test runs these files among all"),
  row(
    "node --conditions=outrigger-source FILE.ts",
    "package.json",
    '"node --conditions=outrigger-source test/demo/main.ts"',
    "FILE.ts stands for any; every script that runs sources does it like this",
  ),
];

function row(...[command, file, words, why]: readonly [string, string, string, string]): RunElsewhere {
  return { command, file, words, why };
}
