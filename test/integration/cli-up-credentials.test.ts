/** `outrigger up` with servers elsewhere: their credentials from documents beside the server file, rotated, refused, and told of. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { expect, it, onTestFinished } from "vitest";
import { connectModern } from "../demo/stage/clients.ts";
import { startOutrigger } from "../demo/stage/outrigger.ts";
import { repositoryEnvironment } from "../demo/stage/root.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { mountSecret } from "./credentials-bed.ts";
import { clientOf, secret, startIssuer, startOrders, startServer } from "./credentials-servers.ts";

it("F-017 F-152 calls servers elsewhere with credentials from files, takes new ones over, and tells of a document that can't be used", async () => {
  let wanted = "first-key-of-stock";
  const issuer = await startIssuer();
  const orders = await startOrders(issuer);
  const stock = await startServer({ letIn: (headers) => (headers["x-api-key"] === wanted ? "the key" : undefined) });
  const header = JSON.stringify({ kind: "Headers", headers: { "X-Api-Key": { file: "key" } } });
  const mounted = await mountSecret({
    ...{ "orders.yaml": JSON.stringify(clientOf(issuer)), "client-secret": secret },
    ...{ "stock.yaml": header, key: wanted, "broken.yaml": "kind: Bearer\ntoken: token-in-the-wrong-place\n" },
  });
  const entry = (url: string, name: string): object => ({ url, outrigger: { auth: join(mounted.folder, name) } });
  const config = join(makeTestFolder("up"), "mcp.json");
  const mcpServers = {
    ...{ orders: entry(orders.url, "orders.yaml"), stock: entry(stock.url, "stock.yaml") },
    broken: entry(stock.url, "broken.yaml"),
  };
  await writeFile(config, JSON.stringify({ mcpServers }));
  const running = await startOutrigger({
    ...{ config, env: repositoryEnvironment(), port: await findFreePort(), flags: ["--mode", "direct"] },
    ...{ onServer: () => undefined, onStarted: () => undefined },
  });
  onTestFinished(() => running.stop().then(() => undefined));
  const client = await connectModern(running.mcpUrl);
  onTestFinished(() => client.close());
  const call = (name: string): Promise<string> => client.call(name, {}).then(({ text }) => text, String);
  await waitFor("the tool behind the OAuth client", async () => (await call("orders__whoami")) === "relay");
  await waitFor("the tool behind the key", async () => (await call("stock__whoami")) === "the key");

  await waitFor("the broken one to be told", () => running.servers().get("broken")?.state === "failed");
  const told = running.servers().get("broken")?.message ?? "";
  expect(told).toContain('broken.yaml: token: expected {"file": "NAME"}');
  expect(JSON.stringify(running.history())).not.toMatch(/token-in-the-wrong-place|key-of-stock/);

  wanted = "second-key-of-stock";
  await mounted.write({
    "orders.yaml": JSON.stringify(clientOf(issuer)),
    "client-secret": secret,
    "stock.yaml": header,
    key: wanted,
  });
  await waitFor("the new key", async () => (await call("stock__whoami")) === "the key");
});
