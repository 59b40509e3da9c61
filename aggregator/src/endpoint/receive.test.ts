import { expect, it } from "vitest";
import { receiveBody } from "./receive.ts";

const json = { "content-type": "application/json" };
const request = '{"jsonrpc":"2.0","id":7,"method":"tools/list"}';

function outcomeOf(body: string, headers: Parameters<typeof receiveBody>[1] = json): unknown {
  const received = receiveBody(Buffer.from(body), headers);
  return received.ok ? "ok" : [received.refusal.status, received.refusal.code];
}

it("takes one message, or a batch where batches exist", () => {
  expect(outcomeOf(request)).toBe("ok");
  expect(outcomeOf(request, { "content-type": "Application/JSON; charset=utf-8" })).toBe("ok");
  expect(outcomeOf(`[${request}]`)).toBe("ok");
  expect(outcomeOf(`[${request}]`, { ...json, "mcp-protocol-version": "2025-03-26" })).toBe("ok");
  expect(outcomeOf(`[${request}]`, { ...json, "mcp-protocol-version": "2025-06-18" })).toEqual([400, -32_600]);
  expect(outcomeOf(`[${request},${request.replace('"id"', '"id":1,"id"')}]`)).toEqual([400, -32_600]);
});

it("refuses media types that only look right, and encoded bodies", () => {
  for (const type of [undefined, "text/plain", "application/jsonp", "text/application/json"]) {
    expect(outcomeOf(request, { "content-type": type }), String(type)).toEqual([415, -32_600]);
  }
  expect(outcomeOf(request, { ...json, "content-encoding": "gzip" })).toEqual([415, -32_600]);
});

it("echoes the id of a refused request as it was spelled", () => {
  const received = receiveBody(Buffer.from('{"jsonrpc":"2.0","id":"a\\u0062","method":1}'), json);
  expect(received.ok ? "" : Buffer.from(received.refusal.idBytes ?? []).toString()).toBe('"a\\u0062"');
});

it("keeps numbers as they were spelled", () => {
  const received = receiveBody(
    Buffer.from('{"jsonrpc":"2.0","id":1,"method":"m","params":{"big":12345678901234567890}}'),
    json,
  );
  expect(received.ok && JSON.stringify(received.value)).toContain('"big":12345678901234567890');
});
