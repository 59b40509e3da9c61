/** A method that a revision has not is absent as a method, whatever policy says of what it names. */
import { expect, it } from "vitest";
import { openControlledDoor, request } from "../bundle/testing/controlled-door.ts";

const modern = "2026-07-28";
const claim = {
  "io.modelcontextprotocol/protocolVersion": modern,
  "io.modelcontextprotocol/clientCapabilities": {},
};

it.each(["resources/subscribe", "resources/unsubscribe"])(
  "%s of what is denied: no such method to a modern client, no such resource to a legacy one, and neither reaches the server",
  async (method) => {
    const door = await openControlledDoor({ answer: () => ({ text: '{"jsonrpc":"2.0","id":1,"result":{}}' }) });
    await door.apply({ resources: { deny: ["note://*"] } });
    const params = { uri: "note://a" };
    const asModern = await door.post(request(method, { ...params, _meta: claim }), {
      "mcp-protocol-version": modern,
      "mcp-method": method,
    });
    expect([asModern.status, JSON.parse(asModern.text)]).toEqual([
      404,
      { jsonrpc: "2.0", id: 1, error: { code: -32_601, message: "Method not found" } },
    ]);
    const asLegacy = await door.post(request(method, params));
    expect([asLegacy.status, JSON.parse(asLegacy.text)]).toEqual([
      200,
      { jsonrpc: "2.0", id: 1, error: { code: -32_002, message: "Resource not found: note://a" } },
    ]);
    expect(door.arrived).toEqual([]);
  },
);
