/** The whole path to a server elsewhere: client, aggregator, a relay with credentials of its own, the server and who gives out its tokens. */
import { createHash, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { apiKeyPrefix } from "@outrigger/api/api-key";
import { nameAudience } from "@outrigger/api/caller";
import { generateKeyPair } from "@outrigger/runtime/jws";
import { describe, expect, it, onTestFinished } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { connectLegacy, connectModern, textOf } from "../fixtures/mcp-clients.ts";
import { createPrograms } from "../fixtures/programs.ts";
import { startRealSidecar, type RealSidecar } from "../fixtures/real-sidecar.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { mountSecret } from "./credentials-bed.ts";
import { bearer, clientOf, secret, startIssuer, startOrders, startServer } from "./credentials-servers.ts";

async function startRelay(upstream: string, folder: string, flags: readonly string[] = []): Promise<RealSidecar> {
  const programs = createPrograms();
  onTestFinished(() => programs.endAll());
  const auth = ["--upstream", upstream, "--upstream-auth", join(folder, "auth.yaml")];
  return startRealSidecar(programs, "orders", [...auth, "--health-interval", "200ms", ...flags]);
}

async function startAggregator(relay: RealSidecar, flags: readonly string[] = []): Promise<RunningAggregator> {
  const aggregator = await startAggregatorProgram({ orders: relay.entry() }, flags);
  onTestFinished(() => aggregator.close());
  return aggregator;
}

/** Waits until a question has this answer; where it never has, the last one is told. */
const untilAnswered = (what: string, ask: () => Promise<string>, answer: string): Promise<unknown> =>
  waitFor(what, async () => {
    expect(await ask()).toBe(answer);
    return true;
  });

interface Told {
  readonly state: string;
  readonly reason: string;
  readonly message: string;
}

describe("F-152 credentials of a relay that the server refuses", () => {
  it("F-152 F-031 are told with their reason wherever servers are listed and by each call, until a new file brings the server back", async () => {
    const server = await startServer({ letIn: bearer("right-token-of-relay") });
    const auth = JSON.stringify({ kind: "Bearer", token: { file: "token" } });
    const mounted = await mountSecret({ "auth.yaml": auth, token: "right-token-of-relay" });
    const aggregator = await startAggregator(await startRelay(server.url, mounted.folder));
    const client = await connectModern(`${aggregator.url}/mcp`);
    onTestFinished(() => client.close());
    const whoAmI = () =>
      client.callTool({ name: "call_tool", arguments: { name: "orders__whoami", arguments: {} } }).then(textOf, String);
    const told = async (): Promise<Told> => {
      const { servers } = (await aggregator.get("/api/v1/servers")) as { readonly servers: readonly Told[] };
      return servers[0] ?? { state: "", reason: "", message: "" };
    };
    const listed = async (): Promise<string> => textOf(await client.callTool({ name: "list_servers", arguments: {} }));
    await untilAnswered("the server's tool", whoAmI, "the relay");

    await mounted.write({ "auth.yaml": auth, token: "wrong-token-of-relay" });
    await waitFor("the reason to be told", async () => (await told()).reason === "UpstreamCredentialsRefused");
    expect((await told()).message).toContain("the server refuses the sidecar's credentials with HTTP 401");
    expect(await listed()).toContain("UpstreamCredentialsRefused");
    expect(await whoAmI()).toContain("credentials");
    expect(await aggregator.metrics()).toMatch(/^outrigger_aggregator_ejections_total 0$/m);

    await mounted.write({ "auth.yaml": auth, token: "right-token-of-relay" });
    await untilAnswered("the server to be back", whoAmI, "the relay");
    expect(await listed()).not.toContain("UpstreamCredentialsRefused");
    const everything = JSON.stringify([aggregator.log, await told(), await aggregator.metrics()]);
    expect(everything).not.toMatch(/(?:right|wrong)-token-of-relay/);
  });
});

describe("F-152 a caller's own token at a server elsewhere", () => {
  it("F-152 F-151 is exchanged for the aggregator's assertion, which a library for JWTs takes, and the client's key goes nowhere", async () => {
    const folder = makeTestFolder("relay-path");
    const place = (name: string): string => join(folder, name);
    const { privateJwk, publicJwk } = await generateKeyPair();
    const key = `${apiKeyPrefix}${randomBytes(32).toString("base64url")}`;
    await writeFile(place("private.json"), JSON.stringify(privateJwk));
    await writeFile(place("public.json"), JSON.stringify({ keys: [publicJwk] }));
    await writeFile(place("keys"), `ann sha256:${createHash("sha256").update(key).digest("hex")}`);
    const assertionAudience = nameAudience({ namespace: "local", server: "orders" });
    const issuer = await startIssuer({ assertionKeys: { keys: [publicJwk] }, assertionAudience });
    const server = await startOrders(issuer);
    const auth = JSON.stringify(clientOf(issuer, { perCaller: true }));
    const mounted = await mountSecret({ "auth.yaml": auth, "client-secret": secret });
    const trust = ["--namespace", "local", "--assertion-keys", place("public.json")];
    const relay = await startRelay(server.url, mounted.folder, trust);
    const doors = ["--auth", "api-key", "--api-keys", place("keys"), "--assertion-key", place("private.json")];
    const aggregator = await startAggregator(relay, doors);
    const client = await connectLegacy(`${aggregator.url}/mcp`, { authorization: `Bearer ${key}` });
    onTestFinished(() => client.close());
    const whoAmI = () =>
      client.callTool({ name: "call_tool", arguments: { name: "orders__whoami", arguments: {} } }).then(textOf, String);
    await untilAnswered("the tool", whoAmI, "key:ann");
    const exchanged = issuer.asked.filter(({ grant }) => grant.endsWith("token-exchange"));
    expect(exchanged.map(({ subject }) => subject)).toEqual(["key:ann"]);
    expect(JSON.stringify(server.ran)).not.toContain(key);
    expect(server.ran.every(({ headers }) => headers["outrigger-caller"] === undefined)).toBe(true);
  });
});
