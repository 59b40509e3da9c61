/**
 * The server behind every proxy: raw sockets, so that it takes little of the core that it shares with the load. It serves MCP by POST,
 * streams by GET (`?events=1`: one a second, `?flood=1`: as fast as they are read, else none), and on /bench/state what it has seen.
 */
import { createServer, type Socket } from "node:net";
import { answerTo, readAsked } from "./answers.ts";

const state = { calls: 0, connections: 0, silentConnections: 0, openStreams: 0, floodedBytes: 0 };
const event =
  'event: message\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"tick"}}\n\n';
const chunkOf = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const eventChunk = chunkOf(event);
const floodChunk = Buffer.from(chunkOf(event.repeat(100)));
const streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

/** Streams with an event a second, in slices: all at once they would be a wave and not a load. */
const sliceCount = 100;
const slices = Array.from({ length: sliceCount }, () => new Set<Socket>());
let slice = 0;
setInterval(() => {
  for (const socket of slices[slice] ?? []) socket.write(eventChunk);
  slice = (slice + 1) % sliceCount;
}, 1_000 / sliceCount);

function sendJson(socket: Socket, body: string): void {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  socket.write(head + body, "latin1");
}

function answerPost(socket: Socket, body: Buffer): void {
  const asked = readAsked(body);
  if (asked.method === "tools/call") state.calls++;
  if (asked.id === undefined) socket.write("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
  else if (asked.name === "sse")
    socket.write(`${streamHead}${chunkOf(`event: message\ndata: ${answerTo(asked)}\n\n`)}0\r\n\r\n`, "latin1");
  else sendJson(socket, answerTo(asked));
}

function openStream(socket: Socket, query: string): void {
  state.openStreams++;
  socket.write(streamHead);
  const own = slices[state.openStreams % sliceCount];
  if (query.includes("events=1")) own?.add(socket);
  if (query.includes("flood=1")) flood(socket);
  socket.once("close", () => {
    own?.delete(socket);
    state.openStreams--;
  });
}

function flood(socket: Socket): void {
  const pour = (): void => {
    do state.floodedBytes += floodChunk.length;
    while (socket.write(floodChunk));
  };
  socket.on("drain", pour);
  pour();
}

function answerOther(socket: Socket, method: string, target: string): void {
  const [path = "", query = ""] = target.split("?", 2);
  if (path === "/bench/state") sendJson(socket, JSON.stringify(state));
  else if (method === "GET" && query !== "") openStream(socket, query);
  else if (method === "DELETE") socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  else socket.write("HTTP/1.1 405 Method Not Allowed\r\nAllow: POST\r\nContent-Length: 0\r\n\r\n");
}

/** One request, and what came behind it. */
interface Request {
  readonly method: string;
  readonly target: string;
  readonly body: Buffer;
  readonly rest: Buffer;
}

const headEnd = "\r\n\r\n";

/** Reads a request whose body has a length, which all of the proxies give. Gives the bytes that it needs where it is not whole. */
function readRequest(bytes: Buffer): Request | number {
  const end = bytes.indexOf(headEnd);
  if (end < 0) return bytes.length + 1;
  const head = bytes.toString("latin1", 0, end);
  const bodyAt = end + headEnd.length;
  const whole = bodyAt + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  if (bytes.length < whole) return whole;
  const [method = "", target = ""] = head.split(" ", 2);
  return { method, target, body: bytes.subarray(bodyAt, whole), rest: bytes.subarray(whole) };
}

/** Serves one connection. Nobody sends a request before the answer to the last one. */
function serve(socket: Socket): void {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let wanted = 0;
  socket.on("data", (chunk) => {
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < wanted) return;
    const bytes = held.length === 1 ? chunk : Buffer.concat(held);
    const request = readRequest(bytes);
    const kept = typeof request === "number" ? bytes : request.rest;
    held = kept.length === 0 ? [] : [kept];
    heldBytes = kept.length;
    wanted = typeof request === "number" ? request : 0;
    if (typeof request === "number") return;
    if (request.method === "POST") answerPost(socket, request.body);
    else answerOther(socket, request.method, request.target);
  });
}

createServer((socket) => {
  socket.setNoDelay(true);
  state.connections++;
  state.silentConnections++;
  socket.once("data", () => {
    state.silentConnections--;
  });
  socket.on("error", () => socket.destroy());
  serve(socket);
}).listen(Number(process.argv[2]), "127.0.0.1");
process.stdin.on("end", () => process.exit(0)).resume();
