/** What a client of an old revision does with a server, and what it must get. Each scenario throws where the server fails it. */
import assert from "node:assert/strict";
import { waitFor } from "../../fixtures/wait-for.ts";
import type { PinnedClient } from "./pinned-clients.ts";

/** One scenario. */
export type ClientScenario = (client: PinnedClient) => Promise<void>;

const simpleText = "This is a simple text response for testing.";
const mostTries = 5;
const watchedUri = "test://watched-resource";

/** What every old revision has, by name. `revision` is asked of the client apart. */
export const clientScenarios: Readonly<Record<string, ClientScenario>> = {
  ping: async ({ ask }) => {
    await ask.ping();
  },
  "tools-list": async ({ ask }) => {
    const names = (await ask.listTools()).tools.map(({ name }) => name);
    for (const name of ["test_simple_text", "test_sampling", "json_schema_2020_12_tool"]) assert(names.includes(name));
  },
  "tools-call-text": async (client) => {
    assert.deepEqual(contentOf(await client.call("test_simple_text")), [{ type: "text", text: simpleText }]);
  },
  "tools-call-image": async (client) => {
    assert.deepEqual(typesOf(await client.call("test_image_content")), ["image"]);
  },
  "tools-call-mixed": async (client) => {
    assert.deepEqual(typesOf(await client.call("test_multiple_content_types")), ["text", "image", "resource"]);
  },
  "tools-call-error": async (client) => {
    assert.equal(memberOf(await client.call("test_error_handling"), "isError"), true);
  },
  "tools-call-unknown": async (client) => {
    const outcome = await client.call("test_absent_tool").catch((error: unknown) => error);
    assert(outcome instanceof Error || memberOf(outcome, "isError") === true);
  },
  "tools-call-progress": async (client) => {
    // The SDK's clients forget a call with its result: what comes at once with it, as the last one does, and on a busy machine more, is lost.
    let seen: readonly number[] = [];
    for (let tries = 0; tries < mostTries && seen.length < 2; tries++) {
      seen = await client.callWatched("test_tool_with_progress");
      assert.deepEqual(seen, [0, 50, 100].slice(0, seen.length));
    }
    assert(seen.length >= 2, `progress was told ${seen.length} times`);
  },
  "tools-call-logging": async (client) => {
    await client.wantLogs();
    await client.call("test_tool_with_logging");
    await waitFor("three log lines", () => count(client.news, "notifications/message") === 3, 5_000);
  },
  "tools-call-sampling": async (client) => {
    const content = contentOf(await client.call("test_sampling", { prompt: "Capital?" }));
    assert.deepEqual(content, [{ type: "text", text: "LLM response: Paris" }]);
  },
  "tools-call-roots": async (client) => {
    const content = contentOf(await client.call("test_input_required_result_list_roots"));
    assert.deepEqual(content, [{ type: "text", text: "Roots: file:///test/root" }]);
  },
  "tools-list-changed": async (client) => {
    await waitForNews(client, "notifications/tools/list_changed", async () => {
      await client.call("test_trigger_tool_change");
      await client.call("test_trigger_tool_change"); // the list is again what it was
    });
  },
  "prompts-list": async ({ ask }) => {
    assert((await ask.listPrompts()).prompts.some(({ name }) => name === "test_simple_prompt"));
  },
  "prompts-get": async ({ ask }) => {
    const got = await ask.getPrompt({ name: "test_prompt_with_arguments", arguments: { arg1: "x", arg2: "y" } });
    assert(JSON.stringify(got).includes("arg1='x', arg2='y'"));
  },
  "completion-complete": async (client) => {
    const values = await client.complete("test_prompt_with_arguments", { name: "arg1", value: "par" });
    assert.deepEqual(values, ["paris", "park", "party"]);
  },
  "resources-list": async ({ ask }) => {
    assert((await ask.listResources()).resources.some(({ uri }) => uri === "test://static-text"));
    const { resourceTemplates } = await ask.listResourceTemplates();
    assert(resourceTemplates.some(({ uriTemplate }) => uriTemplate === "test://template/{id}/data"));
  },
  "resources-read": async ({ ask }) => {
    const [text, bytes, made] = await Promise.all(
      ["test://static-text", "test://static-binary", "test://template/42/data"].map((uri) => ask.readResource({ uri })),
    );
    assert(JSON.stringify(text).includes("content of the static text resource"));
    assert(JSON.stringify(bytes).includes('"blob":'));
    assert(JSON.stringify(made).includes("Data for ID: 42"));
  },
  "resources-subscribe": async (client) => {
    await client.ask.subscribeResource({ uri: watchedUri });
    // The watched resource counts calls.
    await waitForNews(client, "notifications/resources/updated", () => client.call("test_simple_text"));
    await client.ask.unsubscribeResource({ uri: watchedUri });
  },
};

/** Acts until the news of it comes: a client may still be opening the stream that they come on. */
async function waitForNews(client: PinnedClient, method: string, act: () => Promise<unknown>): Promise<void> {
  const actAndLook = async (): Promise<boolean> => {
    await act();
    return client.news.includes(method);
  };
  await waitFor(method, actAndLook, 10_000);
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function contentOf(result: unknown): readonly unknown[] {
  const content = memberOf(result, "content");
  return Array.isArray(content) ? content : [];
}

const typesOf = (result: unknown): readonly unknown[] => contentOf(result).map((block) => memberOf(block, "type"));
const count = (all: readonly string[], one: string): number => all.filter((each) => each === one).length;
