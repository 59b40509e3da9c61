/** Whom entries trust while certificate modes come and go. The API server is a fake that does what patches say. */
import { resources, type JsonPatchOperation, type Objects, type RawWebhookConfiguration } from "@outrigger/kube";
import { expect, it } from "vitest";
import { readRegistration, trustFieldManager } from "../cluster/own-objects.ts";
import { createEntryKeeper, type EntryKeeperOptions } from "./keep-entries.ts";
import { toCaBundle } from "./reconcile.ts";

const toPem = (text: string): string => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
const [ours, theirs] = [toPem("AAAA"), toPem("BBBB")];
const handoverMs = 1_000;

interface World {
  source?: string;
  trusted: string;
  managers: readonly string[];
  nowMs: number;
}

function createFixture(start: Partial<World> = {}, options: Partial<EntryKeeperOptions> = {}) {
  const world: World = { trusted: "", managers: ["helm"], nowMs: 0, ...start };
  const writes: string[] = [];
  const read = (): RawWebhookConfiguration => ({
    metadata: {
      ...(world.source === undefined ? {} : { annotations: { "outrigger.dev/trust-from": world.source } }),
      managedFields: world.managers.map((manager) => ({ manager })),
    },
    webhooks: [{ name: "pod.inject.outrigger.dev", clientConfig: { caBundle: world.trusted } }],
  });
  const change = (operation: JsonPatchOperation): void => {
    if (operation.op === "add") {
      // The only value that is added is a bundle.
      world.trusted = operation.value as string;
      world.managers = [...new Set([...world.managers, trustFieldManager])];
      writes.push("trust");
    } else if (operation.op === "remove") {
      world.managers = world.managers.filter((_, index) => operation.path !== `/metadata/managedFields/${index}`);
      writes.push("release");
    }
  };
  const objects = {
    jsonPatch: (_place: unknown, operations: readonly JsonPatchOperation[]) => {
      operations.forEach(change);
      return Promise.resolve({ ok: true as const, object: read() });
    },
    // Nothing else of the interface is used here.
  } as unknown as Objects;
  const keep = createEntryKeeper({
    objects,
    source: "files",
    handoverMs,
    nowMs: () => world.nowMs,
    ...options,
  });
  const run = () => keep([readRegistration(resources.mutatingWebhookConfigurations, read())], [ours]);
  return { world, writes, run };
}

it("writes what is wanted, then gives up the ownership of it, then nothing more", async () => {
  const { world, writes, run } = createFixture();
  for (let count = 0; count < 4; count++) await run();
  expect([writes, world.trusted, world.managers]).toEqual([["trust", "release"], toCaBundle([ours]), ["helm"]]);
});

it("trusts what was trusted before it came for a while, and then no more", async () => {
  const { world, run } = createFixture({ trusted: toCaBundle([theirs]) });
  const first = await run();
  expect([world.trusted, first?.nextMs]).toEqual([toCaBundle([ours, theirs]), handoverMs]);
  world.nowMs = handoverMs - 1;
  expect((await run())?.nextMs).toBe(1);
  expect(world.trusted).toBe(toCaBundle([ours, theirs]));
  world.nowMs = handoverMs;
  expect((await run())?.nextMs).toBeUndefined();
  expect(world.trusted).toBe(toCaBundle([ours]));
});

it("does not take over what somebody else writes later", async () => {
  const { world, run } = createFixture();
  await run();
  world.trusted = toCaBundle([theirs]);
  await run();
  expect(world.trusted).toBe(toCaBundle([ours]));
});

it.each(["self", "chart", "cert-manager"])("writes nothing while trust is to come from %s", async (source) => {
  const { world, writes, run } = createFixture({ source, trusted: toCaBundle([theirs]) });
  expect([await run(), writes]).toEqual([undefined, []]);
  world.source = "files";
  await run();
  expect(world.trusted).toBe(toCaBundle([ours, theirs]));
});
