import fc from "fast-check";
import { expect, it } from "vitest";
import { selectServed, serveFrom, type ServedServers } from "./select.ts";
import type { DiscoveredSidecar, DiscoveredSet, DiscoverySource } from "./source.ts";

const sidecar = (server: string, given: Partial<DiscoveredSidecar> = {}): DiscoveredSidecar => ({
  ...{
    key: `pod:${server}`,
    namespace: "tools",
    server,
    group: "default",
    labels: {},
    createdAt: "",
    origin: "Injected",
  },
  ...{ dataUrl: "http://10.0.0.1/mcp", controlUrl: "http://10.0.0.1", headers: {}, isReady: true },
  ...given,
});
const none: ServedServers = { groups: [], excludeServers: [], excludeLabels: [] };
const namesLeft = (served: Partial<ServedServers>, sidecars: readonly DiscoveredSidecar[]): string[] =>
  selectServed({ sidecars, problems: [] }, { ...none, ...served }).set.sidecars.map(({ server }) => server);

const inspector = sidecar("inspector", { labels: { team: "platform", internal: "" } });
const mine = sidecar("my-inspector-tool", { group: "code", labels: { team: "apps" } });

it("F-090 leaves servers out by exact name or by label, and never by a part of a name", () => {
  const all = [inspector, mine, sidecar("inspector", { namespace: "other" })];
  expect(namesLeft({}, all)).toHaveLength(3);
  expect(namesLeft({ excludeServers: ["inspector"] }, all)).toEqual(["my-inspector-tool"]);
  expect(namesLeft({ excludeServers: ["tools/inspector", "insp*"] }, all)).toEqual(["my-inspector-tool", "inspector"]);
  expect(namesLeft({ excludeLabels: [{ key: "team", value: "platform" }] }, all)).toHaveLength(2);
  expect(namesLeft({ excludeLabels: [{ key: "team" }] }, all)).toHaveLength(1);
  expect(namesLeft({ excludeLabels: [{ key: "internal", value: "" }, { key: "toString" }] }, all)).toHaveLength(2);
});

it("F-084 serves the groups that it was told to, what can't be dialled in them included", () => {
  expect(namesLeft({ groups: ["code", "data"] }, [inspector, mine])).toEqual(["my-inspector-tool"]);
  const problem = (server: string, group?: string) => ({
    ...{ key: server, namespace: "tools", server, message: "", createdAt: "", origin: "Injected", labels: {} },
    ...{ reason: "NotInjected" as const, ...(group === undefined ? {} : { group }) },
  });
  const problems = [problem("a", "code"), problem("b", "other"), problem("c")] as DiscoveredSet["problems"];
  const { set, left } = selectServed({ sidecars: [], problems }, { ...none, groups: ["code"] });
  expect(set.problems.map(({ server }) => server)).toEqual(["a", "c"]);
  expect([...left]).toEqual([["tools/b", "of group other, which is not served"]]);
});

it("keeps everything of a set that it does not leave out, and tells what it leaves out once", async () => {
  const told: string[][] = [];
  const seen: DiscoveredSet[] = [];
  let tell: (set: DiscoveredSet) => void = () => undefined;
  const source: DiscoverySource = {
    name: "file",
    start: (onSet) => Promise.resolve(void (tell = onSet)),
    isSynced: () => true,
    stop: () => Promise.resolve(),
  };
  const served = { ...none, excludeServers: ["inspector"] };
  await serveFrom(source, served, (left) => told.push([...left.keys()])).start((set) => void seen.push(set));
  const set = { sidecars: [inspector, mine], problems: [], fault: "broken" };
  tell(set);
  tell({ ...set, sidecars: [mine, inspector] });
  tell({ ...set, sidecars: [mine] });
  expect(told).toEqual([["tools/inspector"], []]);
  expect(seen.map(({ sidecars, fault }) => [sidecars.length, fault])).toEqual(Array(3).fill([1, "broken"]));
});

it("F-084 makes no difference to what it serves: whatever else there is", () => {
  const group: fc.Arbitrary<string> = fc.constantFrom("code", "data", "default");
  const found = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d"), group));
  fc.assert(
    fc.property(found, fc.uniqueArray(group, { minLength: 1 }), (pairs, groups) => {
      const sidecars = pairs.map(([server, of]) => sidecar(server, { group: of }));
      const { set } = selectServed({ sidecars, problems: [] }, { ...none, groups });
      expect(set.sidecars).toEqual(sidecars.filter((each) => groups.includes(each.group)));
    }),
  );
});
