/**
 * Opens a connection of the sidecar's own to its server: finds the era and, where nobody said it, the transport; shakes hands where
 * there is a handshake, ends the session. Stage before list.ts.
 * Source: MCP 2026-07-28 "Versioning", "Backward Compatibility"; 2025-11-25 "Lifecycle", transports "Backwards Compatibility".
 */
import type { ServerIdentity } from "@outrigger/api/feed";
import {
  buildInitialize,
  buildNotification,
  buildRequest,
  latestLegacy,
  nextStep,
  startLadder,
  type ClientInfo,
  type ClientVoice,
  type Era,
  type JsonObject,
  type Ladder,
  type LadderOutcome,
} from "@outrigger/mcp";
import { ask, buildBodiless, type MessageListener, type Reply, type ServerAccess } from "./ask.ts";
import { refuseServerRequests } from "./answer-server.ts";
import { listenForEndpoint } from "./listen-for-endpoint.ts";
import type { HttpTransport } from "../upstream/transport.ts";

/** An open connection. `sessionId` is absent where the server gave none. */
export interface Connection {
  readonly access: ServerAccess;
  readonly voice: ClientVoice;
  readonly era: Era;
  readonly version: string;
  readonly capabilities: JsonObject;
  readonly identity: ServerIdentity;
  readonly sessionId: string | undefined;
  /** Sends a request of this connection; each gets an id of its own. */
  readonly request: (method: string, params?: JsonObject) => Promise<Reply>;
}

/** Outcome of connecting. `unauthorized`: the server lives and asks for credentials; `answers`: it lives, but this is not MCP. */
export type Connected =
  | { readonly ok: true; readonly connection: Connection }
  | { readonly ok: false; readonly kind: "unauthorized" | "answers" | "unreachable"; readonly message: string };

/** Finds out how a server over HTTP speaks. `access`: its HTTP as it is, whatever was found before. */
export interface Detection {
  readonly access: ServerAccess;
  readonly found: (transport: HttpTransport) => void;
}

/** What connecting needs. `knownEra`: skips the question where the answer is still trusted, and with it the detection. */
export interface ConnectOptions {
  readonly access: ServerAccess;
  readonly transport: "http" | "stdio";
  readonly clientInfo: ClientInfo;
  readonly knownEra?: Era | undefined;
  readonly detection?: Detection | undefined;
  readonly onMessage?: MessageListener;
}

/** Connects once; never throws and never retries. */
export async function connect(options: ConnectOptions): Promise<Connected> {
  const detection = options.knownEra === undefined ? options.detection : undefined;
  const asked = detection === undefined ? options : { ...options, access: detection.access };
  const { step, last } = await climb(asked, firstLadder(options, detection !== undefined));
  if (step.type === "failed") return describeFailure(step, last);
  detection?.found(step.type === "sse" ? "sse" : "streamable-http");
  // A server of the older transport has only the legacy era; the handshake goes the way that was found.
  if (step.type === "sse") return connect({ ...options, knownEra: "legacy" });
  const connection = createConnection(options, step, last);
  if (step.type === "legacy") {
    const initialized = buildNotification(connection.voice, { method: "notifications/initialized" });
    await ask(options.access, { message: initialized, sessionId: connection.sessionId });
  }
  return { ok: true, connection };
}

interface Climbed {
  readonly step: Exclude<Ladder["step"], { type: "send" | "listen" }>;
  /** The last reply to a request. */
  readonly last: Reply | undefined;
}

async function climb(options: ConnectOptions, first: Ladder): Promise<Climbed> {
  let ladder = first;
  let last: Reply | undefined;
  for (;;) {
    const { step } = ladder;
    if (step.type === "listen") ladder = nextStep(ladder, await listenForEndpoint(options.access));
    else if (step.type === "send") {
      last = await sendStep(options, step);
      ladder = nextStep(ladder, toOutcome(last, step.method));
    } else return { step, last };
  }
}

/** Ends a legacy session; without one there is nothing to end. A server may refuse to (405) or be gone: both are fine. */
export function disconnect({ access, sessionId, version }: Connection): Promise<void> {
  if (sessionId === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, access.timeoutMs);
    const finish = (): void => {
      clearTimeout(timer);
      resolve();
    };
    access.upstream.send(buildBodiless(access, "DELETE", { sessionId, version }), {
      onHead: () => undefined,
      onData: () => true,
      onEnd: finish,
      onFailure: finish,
    });
  });
}

function firstLadder({ transport, knownEra }: ConnectOptions, detects: boolean): Ladder {
  if (knownEra !== "legacy") return startLadder(detects ? "any-http" : transport);
  return { transport, step: { type: "send", method: "initialize", version: latestLegacy } };
}

const handshakeId = "outrigger-0";

function sendStep(options: ConnectOptions, step: Extract<Ladder["step"], { type: "send" }>): Promise<Reply> {
  const { clientInfo, access } = options;
  const voice: ClientVoice = { era: "modern", version: step.version, clientInfo, clientCapabilities: {} };
  const message =
    step.method === "initialize"
      ? buildInitialize({ ...voice, era: "legacy" }, { id: handshakeId, version: step.version })
      : buildRequest(voice, { id: handshakeId, method: step.method });
  return ask(access, { message, id: handshakeId }, options.onMessage);
}

function toOutcome(reply: Reply, method: string): LadderOutcome {
  if (reply.type === "failure") return { type: "silence", reason: reply.failure.message };
  // What is no MCP proves nothing against the handshake, but after it nothing is left to try.
  const isHopeless = reply.type === "status" && method === "initialize" && reply.status < 300;
  return isHopeless ? { type: "silence", reason: reply.reason } : reply;
}

function describeFailure(
  step: Extract<Ladder["step"], { type: "failed" }>,
  last: Reply | undefined,
): Extract<Connected, { ok: false }> {
  if (step.unauthorized) return { ok: false, kind: "unauthorized", message: step.reason };
  return { ok: false, kind: last?.type === "failure" ? "unreachable" : "answers", message: step.reason };
}

function createConnection(
  options: ConnectOptions,
  step: Extract<Ladder["step"], { type: "modern" | "legacy" }>,
  reply: Reply | undefined,
): Connection {
  const { access, clientInfo } = options;
  const hello = step.type === "modern" ? step.discover : step.initialize;
  const sessionId = step.type === "legacy" && reply?.type === "result" ? reply.sessionId : undefined;
  const voice: ClientVoice = { era: step.type, version: step.version, clientInfo, clientCapabilities: {} };
  const answerServer = refuseServerRequests({ access, voice, sessionId });
  let lastId = 0;
  return {
    access,
    voice,
    era: step.type,
    version: step.version,
    capabilities: objectAt(hello, "capabilities"),
    identity: readIdentity(step.type, hello),
    sessionId,
    request(method, params) {
      const id = `outrigger-${++lastId}`;
      const message = buildRequest(voice, { id, method, ...(params === undefined ? {} : { params }) });
      return ask(access, { message, id, sessionId }, (said) => {
        answerServer(said);
        options.onMessage?.(said);
      });
    },
  };
}

function readIdentity(era: Era, hello: JsonObject): ServerIdentity {
  const info = era === "legacy" ? objectAt(hello, "serverInfo") : objectAt(objectAt(hello, "_meta"), serverInfoKey);
  return {
    ...textAt(info, "name", 256),
    ...textAt(info, "title", 256),
    ...textAt(info, "version", 256),
    ...textAt(info, "description", 4_096),
    ...textAt(hello, "instructions", 16_384),
  };
}

const serverInfoKey = "io.modelcontextprotocol/serverInfo";

function objectAt(value: JsonObject, key: string): JsonObject {
  const member = value[key];
  // Checked to be an object that is no array.
  return typeof member === "object" && member !== null && !Array.isArray(member) ? (member as JsonObject) : {};
}

function textAt<const K extends string>(value: JsonObject, key: K, maxLength: number): { readonly [P in K]?: string } {
  const text = value[key];
  // A computed key widens to string; it is exactly K here.
  return typeof text === "string" ? ({ [key]: text.slice(0, maxLength) } as { readonly [P in K]?: string }) : {};
}
