import { describe, expect, it } from "vitest";
import { parseIssuers } from "../oidc/issuers.ts";
import { describeResource, writeChallenge } from "./metadata.ts";

const parsed = parseIssuers(
  '[{"url":"https://a.example","audiences":["x"],"scopes":["tools"]},{"url":"https://b.example","audiences":["x"]}]',
);
const issuers = parsed.ok ? parsed.value : [];
const address = { origin: "https://tools.example", basePath: "/base" };

describe("F-151 the document of a protected resource", () => {
  it("names the resource of exactly the path that was asked about, and who gives out tokens", () => {
    expect(describeResource("/base/mcp/g/code", { address, issuers })).toEqual({
      resource: "https://tools.example/base/mcp/g/code",
      authorization_servers: ["https://a.example", "https://b.example"],
      bearer_methods_supported: ["header"],
      scopes_supported: ["tools"],
      resource_name: "Outrigger",
    });
    expect(describeResource("", { address, issuers })).toMatchObject({ resource: "https://tools.example/base" });
    expect(describeResource("/base", { address, issuers })).toMatchObject({ resource: "https://tools.example/base" });
    expect(describeResource("/mcp", { address, issuers })).toMatchObject({
      resource: "https://tools.example/base/mcp",
    });
  });

  it("is there for endpoints alone", () => {
    for (const path of ["/api/v1", "/mcpx", "/mcp/../x y", "/basement/mcp", "/mcp//"])
      expect(describeResource(path, { address, issuers }), path).toBeUndefined();
  });
});

describe("F-151 a challenge", () => {
  it("leads to the document of the path, with the error where there is one", () => {
    expect(writeChallenge({ address, path: "/mcp", hasIssuers: true })).toBe(
      'Bearer resource_metadata="https://tools.example/.well-known/oauth-protected-resource/base/mcp"',
    );
    const given = { error: "insufficient_scope", message: 'a "b"\n', scopes: ["x", "y"] } as const;
    expect(writeChallenge({ address, path: "/api/v1/tools", hasIssuers: true, ...given })).toBe(
      'Bearer resource_metadata="https://tools.example/.well-known/oauth-protected-resource/base", error="insufficient_scope", ' +
        `error_description="a 'b'?", scope="x y"`,
    );
  });

  it("names no document where nobody gives out tokens", () => {
    expect(writeChallenge({ address, path: "/mcp", hasIssuers: false })).toBe('Bearer realm="outrigger"');
  });
});
