/**
 * The examples as a reader follows them: each page's manifest, its commands, what they print, and what its prompts lead to. A real
 * client of the SDK makes the same calls. Their images are made here from the packages that the real ones are made from.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { textOf } from "../../../fixtures/mcp-clients.ts";
import { nameFileFolder } from "../../../fixtures/temporary-folder.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { followPage } from "../../../integration/pages/follow.ts";
import type { Reader } from "../../../integration/pages/reader.ts";
import { askCluster, sendToCluster } from "../../ask-cluster.ts";
import { createProviders, findProvider } from "../../choose-provider.ts";
import { describeStandIn } from "../../examples/github-stand-in.ts";
import { makeExampleImages } from "../../examples/images.ts";
import {
  listExamples,
  listImages,
  overview,
  readCalls,
  readCommands,
  readPage,
  readPrompts,
} from "../../examples/pages.ts";
import { createClusterReader, tokenOfReader } from "../../examples/reader.ts";
import { hasCluster } from "../cluster.ts";
import { useProduct } from "./product.ts";
import { createUser } from "./user.ts";

/** The namespace that the pages name. */
const namespace = "tools";
const namespacePath = `/api/v1/namespaces/${namespace}`;
const examples = listExamples();
const prompts = examples.flatMap(({ name, page }) => readPrompts(page).map((row) => ({ name, ...row })));

it("has examples, each with prompts, a refused call and at most three commands", () => {
  expect(examples.map(({ name }) => name)).toEqual(["everything", "fetch", "filesystem", "github", "sqlite"]);
  for (const { page } of examples) {
    expect(readCommands(page).length, page).toBeLessThanOrEqual(3);
    expect(readPrompts(page).length, page).toBeGreaterThan(0);
    expect(readCalls(page).filter(isRefused).length, page).toBe(1);
    expect(readPage(overview)).toContain(page.replace("docs/examples/", ""));
  }
});

describe.skipIf(!hasCluster())("the examples", () => {
  const cluster = inject("cluster");
  const folder = nameFileFolder("examples");
  const images = Promise.withResolvers<readonly string[]>();

  beforeAll(() => {
    // The product is installed meanwhile; where that fails, nobody waits for these.
    images.promise.catch(() => undefined);
    makeExampleImages(listImages(), folder).then((made) => images.resolve(made.map(({ file }) => file)), images.reject);
  });
  const product = useProduct();
  const user = createUser(product.aggregator);

  beforeAll(async () => {
    if (!cluster.ok) return;
    const files = await images.promise;
    await findProvider(createProviders(process.env), cluster.provider).loadImages(files);
    // It is deleted after the tests: somebody else's must not be.
    await waitFor(`no namespace ${namespace}`, async () => !(await isThere()), 60_000);
  }, 900_000);

  afterAll(async () => {
    if (await isThere()) await sendToCluster(product.kubeconfig, { method: "DELETE", path: namespacePath });
  });

  async function isThere(): Promise<boolean> {
    return askCluster(product.kubeconfig, namespacePath).then(
      () => true,
      (error: unknown) => {
        if (/404|not ?found/i.test(String(error))) return false;
        throw error;
      },
    );
  }

  /** A terminal of the reader beside the one that forwards the port. */
  async function openTerminal(): Promise<Reader> {
    if (!cluster.ok) throw new Error("the tests of a missing cluster are skipped");
    return createClusterReader(cluster);
  }

  it("begin with what their overview says", async () => {
    expect(await followPage(overview, readPage(overview), await openTerminal())).toBe(2);
  });

  describe.each(examples)("$name", ({ name, page }) => {
    it("does on a cluster what its page says", { timeout: 240_000 }, async () => {
      const reader = await openTerminal();
      await forwardPort(reader);
      expect(await followPage(page, readPage(page), reader)).toBe(readCommands(page).length);
    });

    it("answers a client of the SDK as the page says, and refuses it what the annotations forbid", async () => {
      await user.untilListed(namespace, name);
      for (const call of readCalls(page)) {
        const answer = await user.call(call.tool, call.values);
        expect(answer.isError === true, call.tool).toBe(isRefused(call));
        if (!isRefused(call)) expect(textOf(answer).trim()).toBe(call.output.trim());
      }
    });
  });

  it.each(prompts)("$prompt leads a model to $tool", async ({ name, wanted, tool }) => {
    await user.untilListed(namespace, name);
    const client = await user.connect();
    const found = await client.callTool({ name: "find_tool", arguments: { description: wanted } });
    expect((found.structuredContent as { tools: readonly { name: string }[] }).tools[0]?.name).toBe(tool);
  });

  it("fetch reaches the site of its example and no other Service", async () => {
    const url = (await product.aggregator()) + "/api/v1/servers";
    const answer = await user.call(`${namespace}__fetch__fetch`, { url });
    expect(textOf(answer)).toContain("connection issue");
  });

  it("github's token goes from its Secret to GitHub, and stands in no pod", { timeout: 240_000 }, async () => {
    const [pod] = await product.pods(namespace, "github");
    expect(JSON.stringify(pod)).not.toContain(tokenOfReader);
    expect(JSON.stringify(pod?.spec).match(/"secretKeyRef"/g)).toHaveLength(1);
    const standIn = "github-stand-in";
    for (const manifest of describeStandIn(standIn, product.image)) await product.create(manifest, namespace);
    await product.readyPod(namespace, standIn);
    const reader = await openTerminal();
    const github = `deployment/github --namespace ${namespace}`;
    const lines = `kubectl set env ${github} GITHUB_HOST=http://${standIn} && kubectl rollout status ${github}`;
    expect(await reader.run(lines)).toMatchObject({ code: 0 });
    const values = { method: "get", owner: "canoe", repo: "outrigger", issue_number: 7 };
    const issue = await waitFor(
      "the issue",
      async () => {
        const answer = await user.call(`${namespace}__github__issue_read`, values);
        if (answer.isError === true) throw new Error(textOf(answer));
        return textOf(answer);
      },
      120_000,
    );
    expect(issue).toContain("The hull needs paint");
  });
});

const isRefused = ({ output }: { readonly output: string }): boolean => /^error: /m.test(output);

/** As the overview tells its reader to; it ends with the test. */
async function forwardPort(reader: Reader): Promise<void> {
  const forward = readCommands(overview).find(({ command }) => command.startsWith("kubectl port-forward "));
  expect(await reader.run(forward?.command ?? "")).toMatchObject({ code: 0 });
}
