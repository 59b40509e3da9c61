/** Commands of the pages that no test of the pages runs again: each with who runs it, and where that can be seen. */

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
  row("npm run bench -- sidecar --quick", ".ci/run", "bench -- sidecar --quick", "CI runs it"),
  row("npm run bench -- sidecar", ".ci/run", "bench -- sidecar --quick", "CI runs its quick form"),
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
