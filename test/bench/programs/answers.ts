/** What the server behind every proxy answers, over HTTP and over stdio alike: tools by name, each with an answer of one size. */

const kilobyte = 1_024;

/** Bytes of text in the answer of each tool; a name that is not here gets the shortest, of about 300 bytes in all. */
const textBytes: Readonly<Record<string, number>> = { bytes_10k: 10 * kilobyte, bytes_1m: kilobyte ** 2 };
const shortBytes = 180;

const tools = Array.from({ length: 20 }, (_, at) => ({
  name: `tool_${at}`,
  description: `Tool number ${at} of the benchmark server, with a description of ordinary length.`,
  inputSchema: {
    type: "object",
    properties: { text: { type: "string", description: "What to work on." } },
    required: ["text"],
  },
}));
const list = JSON.stringify({ tools });

const results = new Map<string, string>(
  ["", ...Object.keys(textBytes)].map((name) => {
    const text = "x".repeat(textBytes[name] ?? shortBytes);
    return [name, `{"content":[{"type":"text","text":"${text}"}],"isError":false}`];
  }),
);

/** What is read of a request: enough to answer it. `id` is the text of the id, absent for a notification. */
export interface Asked {
  readonly id?: string;
  readonly method: string;
  readonly name: string;
  readonly version: string;
}

/** Reads a request from its first and its last bytes: an argument may be long, and libraries write the id where they like. */
export function readAsked(body: Buffer): Asked {
  const ends: readonly [number, number] =
    body.length <= kilobyte ? [body.length, body.length] : [512, body.length - 256];
  const text = body.toString("latin1", 0, ends[0]) + body.toString("latin1", ends[1]);
  const field = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? "";
  const id = field(/"id":("[^"]*"|\d+)/);
  return {
    ...(id === "" ? {} : { id }),
    method: field(/"method":"([^"]*)"/),
    name: field(/"name":"([^"]*)"/),
    version: field(/"protocolVersion":"([^"]*)"/),
  };
}

/** The answer to a request as JSON-RPC text. */
export function answerTo({ id = "null", method, name, version }: Asked): string {
  const result = (value: string): string => `{"jsonrpc":"2.0","id":${id},"result":${value}}`;
  switch (method) {
    case "tools/call":
      return result(results.get(name) ?? results.get("") ?? "{}");
    case "tools/list":
      return result(list);
    case "initialize":
      return result(
        `{"protocolVersion":"${version}","capabilities":{"tools":{}},"serverInfo":{"name":"bench","version":"1.0.0"}}`,
      );
    case "ping":
      return result("{}");
    default:
      return `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"Method not found"}}`;
  }
}
