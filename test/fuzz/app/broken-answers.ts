/** Answers that no server should give. Each is written to the raw connection; the request's header `x-answer` says which. */
import { gzipSync } from "node:zlib";
import type { Socket } from "node:net";

const kept = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
// Said here: that a connection ends unsaid can't be known in time, and then a call on it may fail.
const json = `${kept}Connection: close\r\n`;
const stream = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\n";
const result = '{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}';
const event = `event: message\ndata: ${result}\n\n`;
const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const zipped = gzipSync(result);
const whole = `Content-Length: ${Buffer.byteLength(result)}\r\n\r\n${result}`;

type Answer = (socket: Socket) => void;

/** Those that end their connection and did not say so. */
const unsaid = new WeakSet<Answer>();

/** Writes `text` and ends the connection. */
function send(text: string | Buffer): Answer {
  const answer: Answer = (socket) => void socket.end(text);
  if (!text.toString("latin1").includes("Connection: close")) unsaid.add(answer);
  return answer;
}

/** Writes `text` and leaves the connection open: what is too much would be the next caller's. */
const keep =
  (text: string) =>
  (socket: Socket): void => {
    socket.write(text);
  };

/** Writes `unit` for as long as it is taken, up to `times`; never ends the answer. */
function flood(head: string, unit: string, times: number): Answer {
  return (socket) => {
    socket.write(head);
    let left = times;
    const pump = (): void => {
      for (let inTurn = 0; left > 0 && inTurn < unitsInTurn; inTurn++, left--) {
        if (socket.destroyed || socket.write(unit)) continue;
        left--;
        return;
      }
      // Others have their turn: the system takes megabytes at once.
      if (left > 0 && !socket.destroyed) setImmediate(pump);
    };
    socket.on("drain", pump);
    pump();
  };
}

const unitsInTurn = 64;

/** Whether an answer ends its connection without having said so. */
export const endsUnsaid = (name: string): boolean => unsaid.has(brokenAnswers[name] ?? (() => undefined));

/** By name. The connection is given up afterwards, whatever was written. */
export const brokenAnswers: Readonly<Record<string, Answer>> = {
  "length-too-long": send(`${json}Content-Length: 500\r\n\r\n${result}`),
  "length-too-short": keep(`${kept}Content-Length: 5\r\n\r\n${result}`),
  "length-negative": send(`${json}Content-Length: -1\r\n\r\n${result}`),
  "length-twice": send(`${json}Content-Length: ${Buffer.byteLength(result)}\r\nContent-Length: 5\r\n\r\n${result}`),
  "length-and-chunked": send(`${json}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(result)}0\r\n\r\n`),
  "length-is-text": send(`${json}Content-Length: many\r\n\r\n${result}`),
  "chunk-size-wrong": send(`${json}Transfer-Encoding: chunked\r\n\r\nfffff\r\n${result}\r\n0\r\n\r\n`),
  "chunk-size-text": send(`${json}Transfer-Encoding: chunked\r\n\r\nzz\r\n${result}\r\n0\r\n\r\n`),
  "chunks-cut": send(`${json}Transfer-Encoding: chunked\r\n\r\n${chunk('{"jsonrpc":"2.0"')}`),
  "no-length": send(`${json}\r\n${result}`),
  nothing: send(""),
  "not-http": send("SSH-2.0-OpenSSH_9.7\r\n"),
  "half-a-head": send("HTTP/1.1 200 OK\r\nContent-Ty"),
  "status-garbage": send("HTTP/1.1 abc OK\r\n\r\n"),
  "status-100-only": send("HTTP/1.1 100 Continue\r\n\r\n"),
  "status-101": send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
  "status-204-with-body": send(`HTTP/1.1 204 No Content\r\n${whole}`),
  "status-304": send("HTTP/1.1 304 Not Modified\r\nContent-Length: 46\r\n\r\n"),
  "status-999": send(`HTTP/1.1 999 What\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`),
  redirect: send("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"),
  "header-without-colon": send("HTTP/1.1 200 OK\r\nContent-Type\r\nContent-Length: 0\r\n\r\n"),
  "header-with-control": send(`${json}X-Bad: a\u0001b\r\n${whole}`),
  "header-latin1": send(
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Name: caf\u00e9\r\n${whole}`, "latin1"),
  ),
  "header-huge": send(`${json}X-Huge: ${"a".repeat(200_000)}\r\n${whole}`),
  "headers-many": send(`${json}${Array.from({ length: 5_000 }, (_, at) => `X-${at}: 1\r\n`).join("")}${whole}`),
  "type-missing": send(`HTTP/1.1 200 OK\r\n${whole}`),
  "type-html": send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"),
  "type-twice": send(`${stream}Content-Type: application/json\r\n${whole}`),
  "type-claims-stream": send(`${stream}${whole}`),
  "type-claims-json": send(`${json}Content-Length: ${Buffer.byteLength(event)}\r\n\r\n${event}`),
  gzip: send(
    Buffer.concat([Buffer.from(`${json}Content-Encoding: gzip\r\nContent-Length: ${zipped.length}\r\n\r\n`), zipped]),
  ),
  "json-cut": send(`${json}Content-Length: 20\r\n\r\n${result.slice(0, 20)}`),
  "json-not-utf8": send(
    Buffer.concat([Buffer.from(`${json}Content-Length: 3\r\n\r\n`), Buffer.from([0x22, 0xff, 0x22])]),
  ),
  "json-nested": send(`${json}\r\n${"[".repeat(100_000)}`),
  "json-duplicate-keys": send(
    `${json}\r\n{"jsonrpc":"2.0","id":1,"id":2,"result":{"tools":[],"tools":[{"name":"delete_all"}]}}`,
  ),
  "two-answers": keep(`${kept}${whole}${kept}${whole}`),
  "stream-cut": send(`${stream}\r\nevent: message\ndata: {"jsonrpc"`),
  "stream-not-json": send(`${stream}\r\ndata: not json\n\n`),
  "stream-not-utf8": send(Buffer.concat([Buffer.from(`${stream}\r\ndata: `), Buffer.from([0xff, 0xfe, 0x0a, 0x0a])])),
  "stream-without-ends": flood(`${stream}\r\n`, "data: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 20_000),
  "stream-of-comments": flood(`${stream}\r\n`, ": keep-alive\n\n", 20_000),
  "stream-many-events": flood(`${stream}\r\n`, "data: {}\n\n", 20_000),
  "json-without-end": flood(`${json}Transfer-Encoding: chunked\r\n\r\n`, chunk(" ".repeat(1_000)), 20_000),
  "stalled-json": (socket) => void socket.write(`${json}Transfer-Encoding: chunked\r\n\r\n${chunk("{")}`),
  silence: () => undefined,
  "silence-after-head": (socket) => void socket.write(`${json}Content-Length: 46\r\n\r\n`),
  reset: (socket) => void socket.resetAndDestroy(),
  "reset-after-head": (socket) => {
    socket.write(`${json}Content-Length: 46\r\n\r\n{`, () => void socket.resetAndDestroy());
  },
};
