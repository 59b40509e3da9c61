/** Values: what is refused and in which words, and that every value does something. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { generateFiles } from "../../charts/files.ts";
import { listLeaves, type Leaf, type Values } from "../../charts/values/node.ts";
import { tree } from "../../charts/values/tree.ts";
import { buildSchema } from "../../charts/write/schema.ts";
import { render, renderManifest } from "./render.ts";

const leaves = listLeaves(tree).map(({ path, leaf }) => ({ name: path.join("."), leaf }));

const partners = { namespace: "partners", name: "servers" };

/** Values as a file holds them, from paths with dots. */
function nest(flat: Values): Values {
  const root: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(flat)) {
    const names = path.split(".");
    const last = names.pop() ?? "";
    let at = root;
    for (const name of names) at = (at[name] ??= {}) as Record<string, unknown>;
    at[last] = value;
  }
  return root;
}

describe("generated files", () => {
  it.each(["values.yaml", "values.schema.json", "README.md"])("%s says what charts/values says", async (name) => {
    const file = (await generateFiles()).find(({ url }) => url.pathname.endsWith(name))!;
    expect(readFileSync(file.url, "utf8"), "run: npm run charts").toBe(file.text);
  });
});

/** Renders of what stands beside values; most have nothing beside them. */
const known = new Map<string, Promise<string>>();

function renderOnce(flat: Values): Promise<string> {
  const key = JSON.stringify(flat);
  const rendered = known.get(key) ?? renderManifest({ values: nest(flat) });
  known.set(key, rendered);
  return rendered;
}

describe("every value", () => {
  it.each(leaves)("$name changes what is rendered", async ({ name, leaf }: { name: string; leaf: Leaf }) => {
    const beside = leaf.beside ?? {};
    const [before, after] = await Promise.all([
      renderOnce(beside),
      renderManifest({ values: nest({ ...beside, [name]: leaf.other }) }),
    ]);
    expect(after).not.toBe(before);
  });
});

describe("the schema", () => {
  it("knows every key of every object, but where the user chooses the keys", () => {
    const open: string[] = [];
    const walk = (schema: unknown, path: string): void => {
      if (typeof schema !== "object" || schema === null) return;
      const { type, additionalProperties } = schema as { type?: unknown; additionalProperties?: unknown };
      if (type === "object" && additionalProperties === undefined) open.push(path);
      for (const [key, member] of Object.entries(schema)) walk(member, `${path}/${key}`);
    };
    walk(buildSchema(tree), "");
    expect(open).toEqual(["/properties/global"]);
  });

  it.each<[string, Values, string]>([
    ["an unknown key", { webhok: {} }, "webhok"],
    ["an unknown key in a block (F-006)", { webhook: { replica: 3 } }, "replica"],
    ["an unknown key of an image", { sidecar: { image: { name: "x" } } }, "name"],
    ["a word that is none", { webhook: { failurePolicy: "fail" } }, "webhook.failurePolicy"],
    ["a number as text", { webhook: { replicas: "2" } }, "webhook.replicas"],
    ["no pod at all", { aggregator: { replicas: 0 } }, "aggregator.replicas"],
    ["a time beyond what API servers wait", { webhook: { timeoutSeconds: 31 } }, "webhook.timeoutSeconds"],
    ["a privileged port", { webhook: { port: 443 } }, "webhook.port"],
    ["a tag that is none", { shim: { image: { tag: "a b" } } }, "shim.image.tag"],
    ["half a digest", { sidecar: { image: { digest: "sha256:12" } } }, "sidecar.image.digest"],
    ["a namespace that is none", { rbac: { namespaces: ["Tools"] } }, "rbac.namespaces.0"],
    ["a list of servers without its namespace", { aggregator: { serverLists: [{ name: "a" }] } }, "namespace"],
    ["a list of servers named twice", { aggregator: { serverLists: [partners, partners] } }, "aggregator.serverLists"],
    ["a deadline that is none", { aggregator: { callDeadline: "2 minutes" } }, "aggregator.callDeadline"],
    ["a pull secret by name alone", { imagePullSecrets: ["pull"] }, "imagePullSecrets.0"],
    ["an empty peer", { networkPolicies: { clients: [{}] } }, "networkPolicies.clients.0"],
    ["a key that no policy has", { policy: { defaultActoin: "Deny" } }, "defaultActoin"],
    ["a rate that is none", { policy: { limits: [{ name: "a", rate: "60/sec" }] } }, "policy.limits.0.rate"],
    ["a server without its namespace", { policy: { servers: { search: {} } } }, "search"],
    ["an annotation without default", { injection: { defaults: { allowTools: "a" } } }, "allowTools"],
    [
      "something that is no certificate",
      { certificates: { files: { caBundle: "abc" } } },
      "certificates.files.caBundle",
    ],
    ["a switch as text", { admissionPolicies: { enabled: "false" } }, "admissionPolicies.enabled"],
    [
      "a quantity that is none",
      { webhook: { resources: { limits: { memory: "lots" } } } },
      "webhook.resources.limits.memory",
    ],
  ])("refuses %s and names it", async (_what, values, named) => {
    const rendered = await render({ values });
    expect(rendered).toMatchObject({
      ok: false,
      message: expect.stringContaining("specifications of the schema") as unknown,
    });
    // One version of helm writes paths with slashes, another with dots.
    expect(rendered.ok ? "" : rendered.message.replaceAll("/", ".")).toContain(named);
  });

  it("lets Helm add its own key to a subchart", async () => {
    expect(await render({ values: { global: { region: "x" } } })).toMatchObject({ ok: true });
  });
});

describe("values that don't go together", () => {
  const files = { mode: "files", files: { secretName: "tls" } };
  const limited = { rbac: { namespaces: ["tools"] }, certificates: files };
  const unsigned = { operator: { enabled: false }, certificates: files };
  const issuer = { url: "https://login.test", audiences: ["outrigger"] };
  const mtls = { methods: ["mtls"], clientCaSecret: "ca" };

  it.each<[string, Values, RegExp]>([
    [
      "self-made certificates without the operator",
      { operator: { enabled: false } },
      /certificates\.mode self needs the operator/,
    ],
    [
      "self-made certificates with rights in some namespaces only",
      { rbac: { namespaces: ["tools"] } },
      /certificates\.mode self needs some: set certificates\.mode=cert-manager or files/,
    ],
    [
      "the release's own namespace among those of others",
      { ...limited, rbac: { namespaces: ["tools", "outrigger-system"] } },
      /rbac\.namespaces names outrigger-system.*leave it out/,
    ],
    ["files without a Secret", { certificates: { mode: "files" } }, /needs certificates\.files\.secretName/],
    [
      "a Secret beside self-made certificates",
      { certificates: { files: { secretName: "tls" } } },
      /goes with certificates\.mode=files/,
    ],
    [
      "an issuer beside files",
      { certificates: { ...files, certManager: { issuerName: "a" } } },
      /goes with certificates\.mode=cert-manager/,
    ],
    ["the kubelet's port on the node", { webhook: { hostNetwork: true } }, /which is the kubelet's/],
    ["the port of health and metrics", { webhook: { port: 8081 } }, /webhook\.port 8081 is the port of/],
    ["names by server over all namespaces", { aggregator: { names: "server" } }, /exactly one namespace/],
    [
      "search with pinned tools and none of them",
      { aggregator: { mode: "hybrid" } },
      /aggregator\.mode hybrid needs aggregator\.pinned/,
    ],
    [
      "pinned tools where every tool is listed",
      { aggregator: { mode: "direct", pinned: ["*"] } },
      /aggregator\.pinned goes with aggregator\.mode=hybrid or auto, which is direct/,
    ],
    [
      "nobody asked beside a method that asks",
      { aggregator: { auth: { methods: ["none", "service-account"] } } },
      /aggregator\.auth\.methods names none beside others/,
    ],
    [
      "logins without an issuer",
      { aggregator: { auth: { methods: ["oidc"] } } },
      /oidc and aggregator\.auth\.issuers go/,
    ],
    [
      "an issuer that nobody asks",
      { aggregator: { auth: { issuers: [issuer] } } },
      /aggregator\.auth\.issuers go together/,
    ],
    ["keys that are nowhere", { aggregator: { auth: { methods: ["api-key"] } } }, /apiKeysSecret go together/],
    ["certificates of no authority", { aggregator: { auth: { methods: ["mtls"] } } }, /clientCaSecret go together/],
    [
      "certificates over plain HTTP",
      { aggregator: { auth: { methods: ["mtls"], clientCaSecret: "ca" } } },
      /mtls needs aggregator\.tlsSecret, or aggregator\.auth\.clientCertHeader of proxies that are trusted/,
    ],
    [
      "a header with certificates from anybody",
      { aggregator: { auth: { ...mtls, clientCertHeader: "client-cert" }, tlsSecret: "tls" } },
      /clientCertHeader needs aggregator\.auth\.methods mtls and aggregator\.trustedProxies/,
    ],
    [
      "reviews of tokens without a right in the whole cluster",
      { ...limited, aggregator: { auth: { methods: ["service-account"] } } },
      /methods service-account needs one to have tokens reviewed: choose oidc, api-key or mtls/,
    ],
    [
      "callers that are vouched for without the operator",
      { ...unsigned, aggregator: { assertions: true } },
      /aggregator\.assertions needs the operator/,
    ],
    [
      "a namespace without rights",
      { ...limited, aggregator: { namespaces: ["other"] } },
      /names other, which rbac\.namespaces/,
    ],
    [
      "a list of servers of another namespace beside names by server",
      { aggregator: { names: "server", namespaces: ["tools"], serverLists: [partners] } },
      /for servers of tools alone, and aggregator\.serverLists names a ConfigMap in partners/,
    ],
    [
      "a list of servers where there are no rights",
      { ...limited, aggregator: { serverLists: [partners] } },
      /serverLists names a ConfigMap in partners, which rbac\.namespaces gives no rights in/,
    ],
    [
      "a policy without the operator",
      { ...unsigned, policy: { defaultAction: "Deny" } },
      /policy is signed and handed out by the operator/,
    ],
    [
      "clients of sidecars without the operator",
      { ...unsigned, networkPolicies: { sidecarClients: [{ podSelector: {} }] } },
      /sidecarClients is for the operator/,
    ],
    [
      "a port mode that the API server is too old for",
      { injection: { kubernetesVersion: "1.31", defaults: { portMode: "named-port" } } },
      /portMode named-port needs Kubernetes 1\.32 or newer, and this is 1\.31/,
    ],
  ])("are refused with a sentence: %s", async (_what, values, sentence) => {
    expect(await render({ values })).toMatchObject({ ok: false, message: expect.stringMatching(sentence) as unknown });
  });

  it("are taken where the API server is new enough for port mode named-port, as helm or the values say", async () => {
    const injection = { defaults: { portMode: "named-port" } };
    expect(await render({ values: { injection } })).toMatchObject({ ok: true });
    const args = ["--kube-version", "1.31.9"];
    expect(await render({ values: { injection }, args })).toMatchObject({
      ok: false,
      message: expect.stringContaining("this is 1.31") as unknown,
    });
    const named = { ...injection, kubernetesVersion: "1.32" };
    expect(await render({ values: { injection: named }, args })).toMatchObject({ ok: true });
  });

  it("are taken where a list of servers is in the release's namespace or among the limited ones", async () => {
    const serverLists = ["tools", "outrigger-system"].map((namespace) => ({ ...partners, namespace }));
    expect(await render({ values: { ...limited, aggregator: { serverLists } } })).toMatchObject({ ok: true });
  });

  it("are refused all at once", async () => {
    const rendered = await render({ values: { webhook: { hostNetwork: true }, certificates: { mode: "files" } } });
    expect(rendered).toMatchObject({ message: expect.stringMatching(/secretName[^]*kubelet/) as unknown });
  });

  it.each(["kube-system", "kube-public", "kube-node-lease"])("are refused in namespace %s", async (namespace) => {
    const message = expect.stringContaining(`namespace ${namespace} belongs to Kubernetes`) as unknown;
    expect(await render({ namespace })).toMatchObject({ ok: false, message });
  });
});
