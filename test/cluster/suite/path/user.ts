/** For tests of the whole path: what an MCP client and a person at the terminal see through the aggregator's Service. */
import { waitFor } from "../../../fixtures/wait-for.ts";
import { connectLegacy, connectModern } from "../../../fixtures/mcp-clients.ts";
import { afterAll } from "vitest";

/** A server as the read API gives it, as far as these tests look. */
export interface ServerFacts {
  readonly name: string;
  readonly namespace: string;
  readonly state: string;
  readonly reason: string;
  readonly toolsCount: number;
  readonly replicas: readonly {
    readonly state: string;
    readonly reason: string;
    readonly url: string;
    readonly enforced?: { readonly status: string; readonly reason: string; readonly message: string };
  }[];
}

/** Answer to a call. */
export type CallAnswer = Awaited<ReturnType<Awaited<ReturnType<typeof connectModern>>["callTool"]>>;

/** What a user does. `base` is known once the product is installed. */
export interface User {
  /** To the endpoint of all servers, or to the one at the path given. */
  readonly connect: (sdk?: "v1" | "v2", path?: string) => Promise<Awaited<ReturnType<typeof connectModern>>>;
  readonly findServer: (namespace: string, name: string) => Promise<ServerFacts | undefined>;
  readonly untilListed: (namespace: string, name: string) => Promise<ServerFacts>;
  /** Calls a tool by its public name through `call_tool`, at the endpoint of all servers where no path is given. */
  readonly call: (tool: string, values: object, path?: string) => Promise<CallAnswer>;
}

/** A server that sleeps can be called, too. */
const canBeCalled = ({ state, toolsCount }: ServerFacts): boolean =>
  (state === "Ready" || state === "Cold") && toolsCount > 0;

/** Creates the user; its clients are closed after the file. */
export function createUser(base: () => Promise<string>): User {
  const clients: { close: () => Promise<void> }[] = [];
  afterAll(async () => {
    for (const client of clients) await client.close();
  });
  const shared = new Map<string, Awaited<ReturnType<typeof connectModern>>>();
  const connect: User["connect"] = async (sdk = "v2", path = "/mcp") => {
    const url = `${await base()}${path}`;
    // Both clients have the calls that are made here, with the same forms.
    const client = (sdk === "v2" ? await connectModern(url) : await connectLegacy(url)) as unknown as Awaited<
      ReturnType<typeof connectModern>
    >;
    clients.push(client);
    return client;
  };
  const findServer: User["findServer"] = async (namespace, name) => {
    const response = await fetch(`${await base()}/api/v1/servers`);
    const { servers } = (await response.json()) as { servers: readonly ServerFacts[] };
    return servers.find((server) => server.name === name && server.namespace === namespace);
  };
  return {
    connect,
    findServer,
    untilListed: (namespace, name) =>
      waitFor(
        `${name} in the catalogue`,
        async () => {
          const server = await findServer(namespace, name);
          return server !== undefined && canBeCalled(server) ? server : undefined;
        },
        30_000,
      ),
    call: async (tool, values, path = "/mcp") => {
      const client = shared.get(path) ?? (await connect("v2", path));
      shared.set(path, client);
      return client.callTool({ name: "call_tool", arguments: { name: tool, arguments: values } });
    },
  };
}
