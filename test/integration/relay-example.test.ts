/**
 * The example of relays as its manifest has it: both sidecars with their arguments, ConfigMaps and Secrets mounted where it says, in front of
 * real servers, and the aggregator over its list. Ports and the addresses of example.com are the only things that are others here.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseAllDocuments } from "yaml";
import { repositoryRoot } from "../demo/stage/root.ts";
import { startAggregatorProgram } from "../fixtures/aggregator.ts";
import { connectModern, textOf } from "../fixtures/mcp-clients.ts";
import { createPrograms } from "../fixtures/programs.ts";
import { startRealSidecar, type RealSidecar } from "../fixtures/real-sidecar.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { mountSecret } from "./credentials-bed.ts";
import { secret, startIssuer, startOrders, startServer } from "./credentials-servers.ts";

const manifest = "docs/examples/remote/relay.yaml";
const read = (path: string): string => readFileSync(join(repositoryRoot, path), "utf8");

interface Item {
  readonly key: string;
  readonly path: string;
}
interface Source {
  readonly name: string;
  readonly items: readonly Item[];
}
interface Volume {
  readonly name: string;
  readonly configMap?: Source;
  readonly projected?: { readonly sources: readonly { readonly configMap?: Source; readonly secret?: Source }[] };
}
interface Container {
  readonly image: string;
  readonly args: readonly string[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}
interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly ports?: readonly { readonly port: number }[];
    readonly template?: {
      readonly spec: { readonly containers: readonly Container[]; readonly volumes: readonly Volume[] };
    };
  };
}
interface Entry {
  readonly url: string;
  readonly outrigger: { readonly control: string };
}
type Files = Readonly<Record<string, Readonly<Record<string, string>>>>;

const resources = parseAllDocuments(read(manifest)).map((each) => each.toJS() as Resource);
const ofKind = (kind: string): readonly Resource[] => resources.filter((each) => each.kind === kind);
const configMaps: Files = Object.fromEntries(
  ofKind("ConfigMap").map(({ metadata, data = {} }) => [metadata.name, data]),
);
const { mcpServers } = JSON.parse(configMaps["servers"]?.["servers.json"] ?? "") as {
  readonly mcpServers: Readonly<Record<string, Entry>>;
};

function podOf({ spec }: Resource) {
  const [container] = spec?.template?.spec.containers ?? [];
  if (container === undefined) throw new Error("a Deployment without a container");
  return { container, volumes: spec?.template?.spec.volumes ?? [] };
}

/** Mounts the volumes of a relay, and starts it with its arguments. `replace`: addresses of example.com. */
async function startRelay(
  deployment: Resource,
  { secrets, replace }: { readonly secrets: Files; readonly replace: (text: string) => string },
): Promise<RealSidecar> {
  const { container, volumes } = podOf(deployment);
  let args = container.args.filter((arg) => !/^--(?:listen|control|admin|server)=/.test(arg)).map(replace);
  for (const { name, mountPath } of container.volumeMounts) {
    const volume = volumes.find((each) => each.name === name);
    const parts = volume?.projected?.sources ?? [volume ?? {}];
    const files = parts.flatMap(
      ({ configMap, secret: held }: { readonly configMap?: Source; readonly secret?: Source }) => [
        ...(configMap?.items.map(({ key, path }) => [path, configMaps[configMap.name]?.[key]] as const) ?? []),
        ...(held?.items.map(({ key, path }) => [path, secrets[held.name]?.[key]] as const) ?? []),
      ],
    );
    expect(files.filter(([, text]) => text === undefined)).toEqual([]);
    const { folder } = await mountSecret(Object.fromEntries(files.map(([path, text]) => [path, replace(text ?? "")])));
    args = args.map((arg) => arg.replace(`=${mountPath}/`, `=${folder}/`));
  }
  const programs = createPrograms();
  onTestFinished(() => programs.endAll());
  return startRealSidecar(programs, deployment.metadata.name, args);
}

describe("F-031 F-152 the example of relays", () => {
  it("names the sidecar of this release, and in its list the relays' Services and the names that they answer to", () => {
    const { version } = JSON.parse(read("sidecar/package.json")) as { readonly version: string };
    for (const deployment of ofKind("Deployment")) {
      const { container } = podOf(deployment);
      const { name } = deployment.metadata;
      expect(container.image).toBe(`registry.example.com/outrigger/outrigger-sidecar:${version}`);
      const host = `${name}.partners.svc`;
      expect(container.args).toEqual(expect.arrayContaining([`--server=${name}`, `--hosts=${host}`]));
      const service = ofKind("Service").find((each) => each.metadata.name === name);
      const ports = service?.spec?.ports?.map(({ port }) => port) ?? [];
      const addresses = [mcpServers[name]?.url, mcpServers[name]?.outrigger.control].map((url) => new URL(url ?? ""));
      expect(addresses.map(({ host: address }) => address)).toEqual(ports.map((port) => `${host}:${port}`));
      expect(container.args).toEqual(
        expect.arrayContaining(ports.map((port) => expect.stringContaining(`=0.0.0.0:${port}`) as unknown)),
      );
    }
    expect(Object.keys(mcpServers)).toEqual(ofKind("Deployment").map(({ metadata }) => metadata.name));
  });

  it("serves tools of both through the aggregator, by an OAuth client and by a key in a header", async () => {
    const apiKey = "key-of-the-stock-relay";
    const issuer = await startIssuer({ clients: { "orders-relay": { secret } } });
    const orders = await startOrders(issuer);
    const stock = await startServer({ letIn: (headers) => (headers["x-api-key"] === apiKey ? "the key" : undefined) });
    const parts = {
      secrets: { orders: { "client-secret": secret }, stock: { "api-key": apiKey } },
      replace: (text: string): string =>
        text
          .replace("https://login.example.com", issuer.issuer)
          .replace("https://orders.example.com/mcp", orders.url)
          .replace("https://stock.example.com/mcp", stock.url),
    };
    const relays = await Promise.all(
      ofKind("Deployment").map(async (each) => [each.metadata.name, await startRelay(each, parts)] as const),
    );
    const aggregator = await startAggregatorProgram(
      Object.fromEntries(relays.map(([name, relay]) => [name, relay.entry()])),
    );
    onTestFinished(() => aggregator.close());
    const client = await connectModern(`${aggregator.url}/mcp`);
    onTestFinished(() => client.close());
    const call = (name: string): Promise<string> =>
      client.callTool({ name: "call_tool", arguments: { name, arguments: {} } }).then(textOf, String);
    await waitFor("the tool behind the OAuth client", async () => (await call("orders__whoami")) === "orders-relay");
    await waitFor("the tool behind the key", async () => (await call("stock__whoami")) === "the key");
    expect(issuer.asked[0]).toMatchObject({ client: "orders-relay", scope: "orders.read", resource: orders.url });
  });
});
