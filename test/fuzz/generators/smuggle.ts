/** Requests whose end two parsers may see in different places, with a forbidden call where the second would begin. */
import { type RequestParts, callOf, writeChunked, writeRequest } from "./request.ts";
import type { Random } from "../random.ts";

const denied = callOf("delete_all", 666);
const hidden = writeRequest({ body: denied }).toString("latin1");
const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const pingLength = `Content-Length: ${ping.length}`;

/** Ways to say that a body is chunked which not everybody understands alike. */
const chunkedWords = [
  "Transfer-Encoding: chunked", "Transfer-Encoding : chunked", "Transfer-Encoding:\tchunked", "Transfer-Encoding: xchunked",
  "Transfer-Encoding: chunked, identity", "Transfer-Encoding: identity, chunked", "Transfer-Encoding: gzip, chunked",
  "Transfer-Encoding: Chunked", "Transfer-Encoding:\u000bchunked", "Transfer-Encoding: \"chunked\"", "X: y\nTransfer-Encoding: chunked",
  "Transfer-Encoding\r\n : chunked", "Transfer-Encoding: x\r\nTransfer-Encoding: chunked", "Transfer_Encoding: chunked",
  "Transfer-Encoding: chunked\r\n folded", "Transfer-Encoding: chun\r\n ked", "transfer-encoding: chunked;a=b",
]; // prettier-ignore

const lengthWords = [
  pingLength, `Content-Length: +${ping.length}`, `Content-Length: 0${ping.length}`, `Content-Length: ${ping.length}, ${ping.length}`,
  `Content-Length: ${ping.length}\r\nContent-Length: ${ping.length + hidden.length}`, `Content-Length : ${ping.length}`,
  `Content-Length: 0x28`, `Content-Length: ${ping.length}e0`, `Content-Length: -${ping.length}`, `Content-Length:`,
  `Content-Length: 99999999999999999999`, `Content-Length: ${ping.length} ${ping.length}`, `Content_Length: 1\r\n${pingLength}`,
  `Content-Length: 1\n${pingLength}`, `X: a\rContent-Length: 1\r\n${pingLength}`, `Content-Length: 0\r\n${pingLength}`,
]; // prettier-ignore

const targets = [
  "http://localhost/mcp", "http://evil.test/mcp", "//mcp", "/mcp#", "/mcp?x=y", "/mcp/", "/mcp//", "/mcp/../mcp", "/%6dcp", "/mcp%2f", "*",
  "/mcp;a=b", "mcp", "/MCP", "/.well-known/oauth-protected-resource", "/.well-known/oauth-x/../../mcp", "/mcp\t", "/mcp\u00e9", "/mcp?\u0001",
  "/.well-known/oauth-?a=/mcp", "/internal", "/mcp\\..\\admin", "/%zz", "/mcp HTTP/1.1\r\nX: /mcp",
]; // prettier-ignore

const methods = [
  "POST", "GET", "DELETE", "PUT", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PATCH", "QUERY", "post", "PRI", "X", "POST\u0000", "M-SEARCH", "PURGE",
]; // prettier-ignore

const extraHeaders = [
  "Expect: 100-continue", "Expect: 200-maybe", "Upgrade: websocket\r\nConnection: Upgrade", "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk",
  "Connection: close, mcp-session-id\r\nMcp-Session-Id: x", "Connection: content-length", "Connection: transfer-encoding, host", "TE: trailers",
  "Trailer: Content-Length", "Host: localhost\r\nHost: evil.test", "Host: evil.test", "Host:", "Origin: null", "Origin: http://localhost@evil.test",
  "Content-Type: text/plain", "Content-Type: application/json; charset=utf-16", "Content-Type: application/json\r\nContent-Type: text/html",
  "Content-Encoding: gzip", "Content-Encoding: identity", "X-HTTP-Method-Override: POST", "X-Forwarded-Host: evil.test", "Outrigger-Caller: me",
  "Mcp-Session-Id: \u00e9\u00ff", "Last-Event-ID: 1", "X: \u0080\u00ff", " leading: space", "No-Colon", ": empty", "X:\u0000", "X: a\r\n b",
  "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list", "Transfer-Encoding: chunked\r\nTrailer: Mcp-Name", "Keep-Alive: timeout=9999",
]; // prettier-ignore

/** A body of one length with a whole forbidden request behind it. */
const bodies = [
  ping + hidden,
  writeChunked(ping) + hidden,
  `${writeChunked(ping).slice(0, -2)}X: y\r\n\r\n${hidden}`,
  `0\r\n\r\n${hidden}`,
  `${ping.length.toString(16)};a=b\r\n${ping}\r\n0\r\n\r\n${hidden}`,
  `${ping.length.toString(16)}\n${ping}\n0\n\n${hidden}`,
  `0x${ping.length.toString(16)}\r\n${ping}\r\n0\r\n\r\n${hidden}`,
  `${ping.length.toString(16)}\r\n${ping}0\r\n\r\n${hidden}`,
  `fffffffffffffffff\r\n${ping}`,
  `${ping.length.toString(16)}\r\n${ping}\r\n0\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n${hidden}`,
  denied,
  writeChunked(denied, [1, 1, 3]),
];

/** Makes one such request. */
export function writeSmuggled(random: Random): Buffer {
  const lengths = [random.pick(chunkedWords), random.pick(lengthWords)];
  const said = random.pick([lengths, lengths.toReversed(), [lengths[0] ?? ""], [lengths[1] ?? ""], []]);
  const parts: RequestParts = {
    method: random.oneIn(3) ? random.pick(methods) : "POST",
    target: random.oneIn(3) ? random.pick(targets) : "/mcp",
    version: random.oneIn(12)
      ? random.pick(["HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "HTTP/1.1 ", "ICAP/1.0", ""])
      : "HTTP/1.1",
    headers: random.oneIn(2) ? [random.pick(extraHeaders), ...said] : said,
    body: Buffer.from(random.pick(bodies), "latin1"),
    lineEnd: random.oneIn(10) ? random.pick(["\n", "\r", "\r\r\n", "\n\r"]) : "\r\n",
  };
  return writeRequest(parts);
}
