/** For tests: a real door with a policy that can be changed, before a real HTTP server that counts what reaches it. */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { RawObject } from "@outrigger/api/feed";
import { createLimitState } from "@outrigger/policy";
import { createLogger } from "@outrigger/runtime/logger";
import { onTestFinished } from "vitest";
import { createPolicyHolder, type PolicyHolder } from "../policy-in-force.ts";
import { createDefinitionBook, type DefinitionBook } from "../../catalog/definition-book.ts";
import { createHttpUpstream } from "../../upstream/http.ts";
import { createByteBudget } from "../../call/budget.ts";
import { createDeadlines } from "../../call/deadlines.ts";
import { createDoor } from "../../call/receive.ts";
import { createRecorder } from "../../call/record.ts";
import { createControlCounts, type ControlCounts } from "../../call/inspect/counts.ts";

/** One message as the server got it. */
export interface Arrived {
  readonly method?: string;
  readonly id?: unknown;
  readonly params?: RawObject;
}

/** What the server answers a POST with, and how: JSON, an event stream, or bytes of its own. */
export interface Reply {
  readonly status?: number;
  readonly type?: string;
  readonly text: string;
}

/** The server of a test. `answer` gets a message or a batch. */
export interface ControlledApp {
  readonly tools?: readonly RawObject[];
  readonly answer: (body: Arrived | readonly Arrived[]) => Reply;
  /** What it sends on a GET stream. */
  readonly stream?: () => string;
}

/** The door, and all that can be asked of it. */
export interface ControlledDoor {
  /** A text goes as it is, anything else as JSON. */
  readonly post: (
    body: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<{ status: number; text: string }>;
  readonly get: () => Promise<string>;
  /** Messages that reached the server, by its own count. */
  readonly arrived: readonly Arrived[];
  /** Puts a policy in force. Problems, where it is refused. */
  readonly apply: (policy: unknown) => Promise<readonly string[]>;
  readonly policy: PolicyHolder;
  readonly book: DefinitionBook;
  readonly counts: ControlCounts;
  readonly metrics: () => string;
  readonly logged: readonly Readonly<Record<string, unknown>>[];
}

/** Opens the door; it ends with the test. */
export async function openControlledDoor(app: ControlledApp): Promise<ControlledDoor> {
  const arrived: Arrived[] = [];
  const port = await serve(app, arrived);
  const logged: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>) };
  const logger = createLogger({ component: "sidecar", version: "test", destination });
  const policy = createPolicyHolder({ base: "file", floor: [], wallNow: Date.now });
  const apply = async (document: unknown): Promise<readonly string[]> =>
    (await policy.apply(new Map([["file", JSON.stringify(document)]]))).flatMap(({ problems }) => problems);
  await apply({});
  const book = createDefinitionBook({
    server: "test",
    policy: () => policy.current().compiled,
    onStrange: () => undefined,
  });
  book.observe(app.tools ?? []);
  const now = (): number => performance.now();
  const deadlines = createDeadlines(now, 10);
  const upstream = createHttpUpstream(`http://127.0.0.1:${port}`, { maxCalls: 64, maxStreams: 64 });
  const counts = createControlCounts(logger);
  const recorder = createRecorder({ isKnownTool: () => true });
  const door = createDoor(
    {
      ...{
        server: "test",
        upstream,
        forward: { host: `127.0.0.1:${port}`, extra: [] },
        policy: policy.current,
        book,
        counts,
      },
      ...{
        limits: createLimitState(),
        deadlines,
        callTimeoutMs: 5_000,
        budget: createByteBudget(32 * 1024 ** 2),
        recorder,
      },
      ...{ now, onOutcome: () => undefined },
    },
    {
      ...{ path: "/mcp", upstreamPath: "/mcp", addresses: { hosts: new Set<string>() } },
      ...{ isLeaving: () => false },
    },
  );
  await door.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(async () => {
    await door.close();
    deadlines.close();
    await upstream.close();
  });
  // A listening TCP server has an address object.
  const url = `http://127.0.0.1:${(door.server.address() as AddressInfo).port}/mcp`;
  const base = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  return {
    ...{ arrived, apply, policy, book, counts, logged, metrics: () => recorder.expose() + counts.expose() },
    post: async (body, headers = {}) => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const response = await fetch(url, { method: "POST", headers: { ...base, ...headers }, body: text });
      return { status: response.status, text: await response.text() };
    },
    get: async () => (await fetch(url, { headers: base })).text(),
  };
}

async function serve(app: ControlledApp, arrived: Arrived[]): Promise<number> {
  const handler: RequestListener = (request, response) => {
    if (request.method === "GET") {
      response.writeHead(200, { "content-type": "text/event-stream" }).end(app.stream?.() ?? "");
      return;
    }
    let text = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    request.on("end", () => {
      const body = JSON.parse(text) as Arrived | readonly Arrived[];
      arrived.push(...[body].flat());
      const { status = 200, type = "application/json", text: answer } = app.answer(body);
      response.writeHead(status, { "content-type": type }).end(answer);
    });
  };
  const server = createServer(handler);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // A listening TCP server has an address object.
  return (server.address() as AddressInfo).port;
}

/** A JSON-RPC request. */
export function request(method: string, params: object = {}, id: unknown = 1): object {
  return { jsonrpc: "2.0", id, method, params };
}

/** The answers of a text that is JSON, a batch, or an event stream. */
export function messagesOf(text: string): readonly RawObject[] {
  const json = text.trimStart().startsWith("{") || text.trimStart().startsWith("[");
  const texts = json ? [text] : [...text.matchAll(/^data: (.+)$/gm)].map(([, data]) => data ?? "");
  return texts.flatMap((each): readonly RawObject[] => [JSON.parse(each) as RawObject | RawObject[]].flat());
}
