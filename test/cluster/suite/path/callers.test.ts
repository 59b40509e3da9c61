/**
 * Callers that show who they are, at the installed product: ServiceAccounts by their tokens, what each of them sees at every endpoint, and
 * what a sidecar answers to whoever asks it directly.
 */
import {
  aggregatorAudience,
  callerHeader,
  callerType,
  nameAudience,
  type CallerAssertion,
} from "@outrigger/api/caller";
import { sidecarPorts } from "@outrigger/api/ports";
import type { PrivateJwk } from "@outrigger/runtime/jws";
import { importSigningKey, signCompactSync } from "@outrigger/runtime/sign";
import { beforeAll, describe, expect, it } from "vitest";
import { connectLegacy, modernRequest, postRaw, textOf, type RawAnswer } from "../../../fixtures/mcp-clients.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { release, single } from "../../product/install.ts";
import { httpServer, optedIn } from "../../product/workloads.ts";
import { hasCluster } from "../cluster.ts";
import { untilHelmTestSucceeds } from "./helm-test.ts";
import { inventNamespace, useProduct } from "./product.ts";
import { requestToken } from "./service-account.ts";

const tools = inventNamespace();
const accounts = ["reader", "writer"] as const;
type Account = (typeof accounts)[number];

const everybody = { name: "everybody echoes", action: "Allow", subjects: [{ kind: "Any" }], tools: ["echo"] };
const writer = { kind: "ServiceAccount", namespace: tools, name: "writer" };
const writerAdds = { name: "the writer adds", action: "Allow", subjects: [writer], tools: ["get-sum"] };
const policy = {
  defaultAction: "Allow",
  servers: {
    [`${tools}/shop`]: { rules: [everybody, writerAdds] },
    // Of what it shows beside tools, nobody sees any.
    [`${tools}/vault`]: { rules: [writerAdds], prompts: { deny: ["*"] }, resources: { deny: ["*"] } },
  },
};
const endpoints = {
  adding: { tools: [{ tool: `${tools}__shop__get-sum`, name: "add_one", arguments: { b: 1 } }] },
};

interface ListedTools {
  readonly tools?: readonly { readonly name: string }[];
}

const namesOf = ({ tools: listed = [] }: ListedTools): readonly string[] => listed.map(({ name }) => name).sort();

describe.skipIf(!hasCluster())("callers that show who they are", () => {
  const product = useProduct(
    ...single,
    `aggregator.auth.methods=["service-account"]`,
    "aggregator.assertions=true",
    "aggregator.mode=direct",
    `aggregator.endpoints=${JSON.stringify(endpoints)}`,
    `policy=${JSON.stringify(policy)}`,
    // The test asks sidecars directly, too.
    'networkPolicies.sidecarClients=[{"ipBlock":{"cidr":"0.0.0.0/0"}}]',
  );
  const { image, kubeconfig } = product;
  const tokens = new Map<Account, string>();
  let base = "";

  const showing = (token: string | undefined): Record<string, string> => ({ authorization: `Bearer ${token ?? ""}` });
  /** A modern request at an endpoint, with these headers beside its own. */
  const send = async (
    headers: Record<string, string>,
    path: string,
    ...request: Parameters<typeof modernRequest>
  ): Promise<RawAnswer> => {
    const [body, own] = modernRequest(...request);
    return postRaw(base + path, body, { ...own, ...headers });
  };
  const ask = (who: Account, path: string, ...request: Parameters<typeof modernRequest>): Promise<RawAnswer> =>
    send(showing(tokens.get(who)), path, ...request);
  const list = async (who: Account, path: string): Promise<readonly string[] | number> => {
    const { status, messages } = await ask(who, path, "tools/list", {});
    return status === 200 ? namesOf(messages.at(-1)?.["result"] ?? {}) : status;
  };
  const call = async (who: Account, path: string, name: string, values: object): Promise<string> => {
    const { messages } = await ask(who, path, "tools/call", { name, arguments: values });
    const answer = messages.at(-1) ?? {};
    return answer["error"] === undefined ? textOf(answer["result"]) : JSON.stringify(answer["error"]);
  };

  beforeAll(async () => {
    base = await product.aggregator();
    await product.makeNamespace({}, {}, tools);
    for (const name of accounts) {
      await product.create({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name } }, tools);
      tokens.set(name, await requestToken(kubeconfig, { namespace: tools, name }, aggregatorAudience));
    }
    for (const name of ["shop", "vault"]) {
      const annotations = { "outrigger.dev/group": name === "shop" ? "sums" : "locked" };
      await product.create(httpServer(name, { image, labels: optedIn, annotations }), tools);
    }
    for (const name of ["shop", "vault"]) await product.readyPod(tools, name);
    await waitFor(
      "the writer's tools",
      async () => (await list("writer", "/mcp")).toString().includes("vault"),
      60_000,
    );
  }, 180_000);

  it("F-150 a token of a ServiceAccount for the aggregator lets in, none and one for somebody else do not, at every path", async () => {
    const forServer = await requestToken(kubeconfig, { namespace: tools, name: "writer" });
    for (const path of ["/mcp", "/mcp/g/sums", `/mcp/s/${tools}/shop`, "/mcp/v/adding"]) {
      const silent = await send({}, path, "tools/list", {});
      expect([silent.status, silent.headers.get("www-authenticate")], path).toEqual([
        401,
        expect.stringMatching(/^Bearer/),
      ]);
      const foreign = await send(showing(forServer), path, "tools/list", {});
      expect([foreign.status, foreign.headers.get("www-authenticate")], path).toEqual([
        401,
        expect.stringContaining('error="invalid_token"'),
      ]);
      expect((await ask("writer", path, "tools/list", {})).status, path).toBe(200);
    }
    expect((await fetch(`${base}/api/v1/servers`)).status).toBe(401);
  });

  it("F-127 F-162 two ServiceAccounts see and call what the policy of each server says of them, and nothing tells of the rest", async () => {
    const [echo, sum, hidden] = [`${tools}__shop__echo`, `${tools}__shop__get-sum`, `${tools}__vault__get-sum`];
    expect(await list("reader", "/mcp")).toEqual([echo]);
    expect(await list("writer", "/mcp")).toEqual([echo, sum, hidden].sort());
    expect(await call("writer", "/mcp", sum, { a: 2, b: 3 })).toContain("sum of 2 and 3 is 5");
    expect(await call("reader", "/mcp", echo, { message: "x" })).toBe("Echo: x");
    for (const name of [sum, hidden]) {
      const refused = await call("reader", "/mcp", name, { a: 2, b: 3 });
      const absent = await call("reader", "/mcp", `${name}-x`, { a: 2, b: 3 });
      expect(refused).toContain(name);
      expect(refused.replace(name, "")).toBe(absent.replace(`${name}-x`, ""));
    }
    const told = async (who: Account): Promise<string> =>
      (await fetch(`${base}/api/v1/servers`, { headers: showing(tokens.get(who)) })).text();
    expect(await told("writer")).toContain("vault");
    expect(await told("reader")).not.toContain("vault");
  });

  it("F-084 F-102 F-103 endpoints of a group, of one server and of the chart's values show a caller its part of what they lead to", async () => {
    expect(await list("writer", "/mcp/g/sums")).toEqual([`${tools}__shop__echo`, `${tools}__shop__get-sum`]);
    expect(await list("writer", `/mcp/g/${tools}/locked`)).toEqual([`${tools}__vault__get-sum`]);
    expect(await list("writer", `/mcp/s/${tools}/shop`)).toEqual(["echo", "get-sum"]);
    expect(await list("reader", `/mcp/s/${tools}/shop`)).toEqual(["echo"]);
    expect(await call("reader", `/mcp/s/${tools}/shop`, "echo", { message: "own name" })).toBe("Echo: own name");
    for (const path of [`/mcp/s/${tools}/vault`, "/mcp/g/locked"]) expect(await list("reader", path), path).toBe(404);
    expect(await list("writer", "/mcp/v/adding")).toEqual(["add_one"]);
    expect(await call("writer", "/mcp/v/adding", "add_one", { a: 2 })).toContain("sum of 2 and 1 is 3");
    expect(await list("reader", "/mcp/v/adding")).toEqual([]);
    expect(await call("reader", "/mcp/v/adding", "add_one", { a: 2 })).toContain("Unknown tool");
  });

  it("F-127 a sidecar that is asked directly lets a caller do what policy says of it, and takes no assertion for another server", async () => {
    const path = `/api/v1/namespaces/${release.namespace}/secrets/outrigger-assertions`;
    const { data } = await product.get<{ data: Readonly<Record<string, string>> }>(path);
    const held = Buffer.from(data["keys.json"] ?? "", "base64").toString("utf8");
    const [key] = (JSON.parse(held) as { keys: readonly PrivateJwk[] }).keys.map(importSigningKey);
    if (key === undefined) throw new Error("the Secret holds no key");
    // What the aggregator would sign, in the hands of somebody else.
    const vouch = (who: Account, server: string): Record<string, string> => {
      const iat = Math.floor(Date.now() / 1_000);
      const aud = nameAudience({ namespace: tools, server });
      const said: CallerAssertion = { aud, kind: "ServiceAccount", sub: `${tools}/${who}`, iat, exp: iat + 60 };
      return { [callerHeader]: signCompactSync(JSON.stringify(said), key, callerType) };
    };
    const { status } = await product.readyPod(tools, "shop");
    const url = `http://${status?.podIP ?? ""}:${sidecarPorts.data}/mcp`;
    const listAt = async (headers: Record<string, string>): Promise<readonly string[]> => {
      const client = await connectLegacy(url, headers);
      const listed = await client.listTools();
      await client.close();
      return namesOf(listed);
    };
    expect(await listAt(vouch("writer", "shop"))).toEqual(["echo", "get-sum"]);
    for (const headers of [vouch("reader", "shop"), {}]) expect(await listAt(headers)).toEqual(["echo"]);
    const client = await connectLegacy(url, vouch("reader", "shop"));
    await expect(client.callTool({ name: "get-sum", arguments: { a: 1, b: 2 } })).rejects.toThrow("get-sum");
    await client.close();
    const [body, headers] = modernRequest("tools/list", {});
    const replayed = await postRaw(url, body, { ...headers, ...vouch("writer", "vault") });
    expect([replayed.status, replayed.text]).toEqual([401, expect.stringContaining("CallerUnverified")]);
  });

  it("F-150 helm test is let in by a token of its own, and finds nothing wrong in what it may not see", async () => {
    const tested = await untilHelmTestSucceeds(kubeconfig);
    expect(tested).toMatch(/^ {2}✓ ok +servers +1 server ready, 1 tool$/m);
    expect(tested).toMatch(/^ {2}i note +servers +1 server not shown to this caller, or not found$/m);
    for (const area of ["connection", "tools"]) expect(tested).toMatch(new RegExp(`^ {2}✓ ok +${area} `, "m"));
  }, 180_000);
});
