import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asleepObject, readAsleep, readAsleepIdentity, writeAsleep, type AsleepServer } from "./asleep.ts";
import type { FeedState } from "./feed.ts";

const digest = "a".repeat(64);
const state: FeedState = {
  format: 1,
  server: "everything",
  health: { state: "Ready", reason: "Serving", message: "ok", sinceMs: 1 },
  identity: { title: "Everything" },
  digest,
  catalogue: { reason: "CatalogueListed", message: "ok", atMs: 1 },
  policy: {
    hash: "b",
    reason: "PolicyApplied",
    message: "ok",
    enforces: { limits: [], maxRequestBytes: 1, maxResponseBytes: 1 },
  },
};
const server: AsleepServer = {
  format: 1,
  namespace: "tools",
  server: "everything",
  group: "default",
  workload: { kind: "Deployment", name: "everything", uid: "u1" },
  replicas: 2,
  since: "2026-11-22T07:00:00.000Z",
  createdAt: "2026-11-22T06:00:00Z",
  labels: { team: "web" },
  image: "everything:1",
  transport: "stdio",
  state,
  catalogue: { digest, tools: [{ name: "echo" }], prompts: [], resources: [], resourceTemplates: [], limited: false },
};

const pack = (text: string): string => Buffer.from(text).toString("base64");
const unpack = (base64: string, maxBytes: number): string | undefined => {
  const bytes = Buffer.from(base64, "base64");
  return bytes.length > maxBytes ? undefined : bytes.toString();
};

function write(each: AsleepServer) {
  const written = writeAsleep(each, pack);
  if (!written.ok) throw new Error(written.problem);
  return written.value;
}

describe("what is kept of a sleeping server", () => {
  it("is read as it was written", () => {
    fc.assert(
      fc.property(
        fc.record({
          replicas: fc.integer({ min: 1, max: 1_000 }),
          labels: fc.dictionary(fc.string(), fc.string()),
          tools: fc.array(fc.dictionary(fc.string(), fc.jsonValue())),
        }),
        ({ replicas, labels, tools }) => {
          const each = { ...server, replicas, labels, catalogue: { ...server.catalogue, tools } };
          const read = readAsleep(write(each), unpack);
          // What JSON can't say of a value (undefined, -0) is not in it.
          expect(read).toEqual({ ok: true, value: JSON.parse(JSON.stringify(each)) as unknown });
        },
      ),
    );
  });

  it("names who sleeps without the catalogue being looked at", () => {
    const { data } = write(server);
    expect(readAsleepIdentity({ data })).toMatchObject({ ok: true, value: { server: "everything", replicas: 2 } });
    expect(readAsleep({ data }, unpack)).toMatchObject({ ok: false });
  });

  it.each([
    ["format", { format: 2 }],
    ["namespace", { namespace: "../tools" }],
    ["server", { server: "" }],
    ["group", { group: 1 }],
    ["workload", { workload: { kind: "DaemonSet", name: "x", uid: "u" } }],
    ["workload", { workload: null }],
    ["replicas", { replicas: 0 }],
    ["since", { since: "yesterday" }],
    ["labels", { labels: { a: 1 } }],
    ["transport", { transport: "carrier" }],
  ])("names the member %s that is wrong", (name, members) => {
    const text = JSON.stringify({ ...server, ...members });
    const read = readAsleepIdentity({ data: { [asleepObject.identityMember]: text } });
    expect(read).toMatchObject({ ok: false, problem: expect.stringContaining(`].${name}: expected`) as string });
  });

  it.each([
    ["nothing", {}],
    ["no JSON", { content: "{" }],
    ["a state that is none", { content: JSON.stringify({ state: {}, catalogue: server.catalogue }) }],
    ["no catalogue", { content: JSON.stringify({ state }) }],
    [
      "a catalogue that the state does not name",
      { content: JSON.stringify({ state, catalogue: { ...server.catalogue, digest: "c" } }) },
    ],
  ])("is refused with %s in place of the content", (_name, { content }: { content?: string }) => {
    const binaryData = content === undefined ? {} : { [asleepObject.contentMember]: pack(content) };
    const read = readAsleep({ ...write(server), binaryData }, unpack);
    expect(read).toMatchObject({ ok: false, problem: expect.stringContaining("binaryData.") as string });
  });

  it("never makes a reader throw, whatever stands in the members", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (identity, content) => {
        const members = {
          data: { [asleepObject.identityMember]: identity },
          binaryData: { [asleepObject.contentMember]: content },
        };
        expect(readAsleep(members, unpack).ok).toBe(false);
      }),
    );
  });

  it("is not written where it does not fit", () => {
    const tools = [{ name: "large", description: "x".repeat(asleepObject.maxContentBytes) }];
    const written = writeAsleep({ ...server, catalogue: { ...server.catalogue, tools } }, pack);
    expect(written).toMatchObject({ ok: false, problem: expect.stringContaining("at most 921600 fit") as string });
  });
});
