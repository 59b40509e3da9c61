import fc from "fast-check";
import { expect, it } from "vitest";
import { pathOf, readAddress, readPath, type EndpointAddress } from "./address.ts";

it.each([
  [{}, "/mcp"],
  [{ group: "code" }, "/mcp/g/code"],
  [{ namespace: "tools", group: "code" }, "/mcp/g/tools/code"],
  [{ server: "git" }, "/mcp/s/git"],
  [{ namespace: "tools", server: "my server" }, "/mcp/s/tools/my%20server"],
  [{ name: "reviews" }, "/mcp/v/reviews"],
])("F-102 finds the endpoint of %j at %s", (parts, path) => {
  const address = readAddress(parts);
  expect(address && pathOf(address)).toBe(path);
});

it("takes no part that can't be such a name", () => {
  for (const parts of [
    { group: "A" },
    { namespace: "A", group: "a" },
    { server: "" },
    { server: "a/b" },
    { name: "a b" },
  ])
    expect(readAddress(parts), JSON.stringify(parts)).toBeUndefined();
});

it("reads no path that no endpoint can have", () => {
  for (const path of [
    "",
    "mcp",
    "/mcp/",
    "/other",
    "/mcp/g",
    "/mcp/x/a",
    "/mcp/g/a/b/c",
    "/mcp/v/a/b",
    "/mcp/s/%zz",
    "/mcp/g/A",
  ])
    expect(readPath(path), path).toBeUndefined();
});

it("gives no path to two addresses", () => {
  const label = fc.constantFrom("a", "b", "g", "s", "v");
  const server = fc.oneof(label, fc.constantFrom("a b", "é", "a%2Fb", "..", "a?b"));
  const address: fc.Arbitrary<EndpointAddress> = fc.oneof(
    fc.record({ kind: fc.constant("group" as const), namespace: label, group: label }),
    fc.record({ kind: fc.constant("group" as const), group: label }),
    fc.record({ kind: fc.constant("server" as const), server, namespace: label }),
    fc.record({ kind: fc.constant("server" as const), server }),
    fc.record({ kind: fc.constant("named" as const), name: label }),
  );
  fc.assert(
    fc.property(address, address, (one, other) => {
      expect(pathOf(one) === pathOf(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      expect(readPath(pathOf(one))).toEqual(one);
    }),
  );
});
