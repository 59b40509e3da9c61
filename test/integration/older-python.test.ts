/** A client of the older HTTP+SSE transport that is not of our language, on every endpoint that there is. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { preparePythonSdk } from "../fixtures/python-sdk/install.ts";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";
import { deniedTool, echoTool, listOlderEndpoints, startOlderBed, type OlderBed } from "./older-bed.ts";

const run = promisify(execFile);
const client = fileURLToPath(new URL("../fixtures/python-sdk/older-client.py", import.meta.url));
const folder = nameFileFolder("older-python");
let bed: OlderBed;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  env = await preparePythonSdk();
  bed = await startOlderBed(folder);
}, 240_000);
afterAll(() => bed.close());

it("the Python SDK's client of the older transport lists, calls and is refused like others", async () => {
  for (const { url, servers, nameOf } of listOlderEndpoints(bed)) {
    const calls = servers.flatMap((server) => [
      { name: nameOf(server, echoTool), arguments: { message: `${server} at ${url}` } },
      { name: nameOf(server, deniedTool), arguments: {} },
    ]);
    const { stdout } = await run("python3", [client, url, JSON.stringify(calls)], { env, timeout: 30_000 });
    const { tools, said } = JSON.parse(stdout) as {
      readonly tools: readonly string[];
      readonly said: readonly object[];
    };
    expect(tools.length).toBeGreaterThan(0);
    expect(tools.filter((name) => name.endsWith(deniedTool))).toEqual([]);
    expect(said).toEqual(servers.flatMap((server) => [{ text: `Echo: ${server} at ${url}` }, { code: -32_602 }]));
  }
}, 240_000);
