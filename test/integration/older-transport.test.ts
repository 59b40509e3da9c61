/** Whoever speaks only the older HTTP+SSE transport, on every endpoint that there is: of sidecars, of the aggregator, of its groups. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectLegacy, connectModern, textOf } from "../fixtures/mcp-clients.ts";
import { connectOlderV1, connectOlderV2, type OlderClient } from "../fixtures/older-clients.ts";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";
import {
  deniedTool,
  echoTool,
  listEndpoints,
  listOlderEndpoints,
  startOlderBed,
  type OlderBed,
  type Place,
} from "./older-bed.ts";

const folder = nameFileFolder("older-transport");
let bed: OlderBed;
beforeAll(async () => {
  bed = await startOlderBed(folder);
});
afterAll(() => bed.close());

/** What a client is told that calls each server's tool at an address, and the tools of it that policy denies. */
async function useEverything(client: OlderClient, { servers, nameOf, url }: Place) {
  const said: string[] = [];
  for (const server of servers) {
    const called = { name: nameOf(server, echoTool), arguments: { message: `${server} at ${url}` } };
    said.push(textOf(await client.callTool(called)));
    await expect(client.callTool({ name: nameOf(server, deniedTool) })).rejects.toMatchObject({ code: -32_602 });
  }
  const listed = (await client.listTools()).tools.map(({ name }) => name);
  await client.close();
  return { said, listed: listed.length > 0, denied: listed.filter((name) => name.endsWith(deniedTool)) };
}

const expected = ({ servers, url }: Place) => ({
  said: servers.map((server) => `Echo: ${server} at ${url}`),
  listed: true,
  denied: [],
});

it("F-072 clients and servers that speak only the older SSE transport keep working on every endpoint", async () => {
  const places = listOlderEndpoints(bed);
  expect(places).toHaveLength(11);
  for (const connect of [connectOlderV1, connectOlderV2]) {
    const uses = places.map(async (place) => useEverything(await connect(place.url), place));
    expect(await Promise.all(uses)).toEqual(places.map(expected));
  }

  const ofOlderServer = listEndpoints(bed).filter(({ servers }) => servers.includes("sse"));
  expect(ofOlderServer).toHaveLength(3);
  for (const place of ofOlderServer) {
    // A sidecar forwards what its server speaks; the aggregator speaks both eras.
    const clients: OlderClient[] = [await connectLegacy(place.url)];
    if (place.url.startsWith(bed.aggregator.url)) clients.push(await connectModern(place.url));
    for (const client of clients) expect(await useEverything(client, place)).toEqual(expected(place));
  }
});
