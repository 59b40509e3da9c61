/** For tests of the whole path: a client that goes to a server's own Service and keeps its connections as long as it may. */
import { Agent, request } from "undici";

/** The client. */
export interface ServiceClient {
  /** Calls the tool `slow`; rejects where it does not answer. */
  readonly callSlow: () => Promise<void>;
  /** Opens a stream of the server's own messages; `end` says how it came to its end. */
  readonly openStream: () => Promise<{ readonly end: Promise<"ended" | "broken"> }>;
  /** Connections that were opened so far. */
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

const keptMs = 10 * 60_000;

/** Creates the client. `host` is the name that the server is called by. */
export function createServiceClient(url: string, host: string): ServiceClient {
  const dispatcher = new Agent({ keepAliveTimeout: keptMs, keepAliveMaxTimeout: keptMs });
  let connections = 0;
  dispatcher.on("connect", () => {
    connections++;
  });
  const headers = { host, accept: "application/json, text/event-stream" };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "slow", arguments: {} } });
  return {
    callSlow: async () => {
      const answer = await request(url, {
        dispatcher,
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body,
      });
      const text = await answer.body.text();
      if (answer.statusCode !== 200 || !text.includes('"done"')) throw new Error(`${answer.statusCode} ${text}`);
    },
    openStream: async () => {
      const { statusCode, body } = await request(url, {
        dispatcher,
        headers: { ...headers, accept: "text/event-stream" },
        bodyTimeout: 0,
      });
      if (statusCode !== 200) throw new Error(`the stream was answered with HTTP ${statusCode}`);
      const end = body.text().then(
        () => "ended" as const,
        () => "broken" as const,
      );
      return { end };
    },
    connections: () => connections,
    close: () => dispatcher.destroy(),
  };
}
