/** Writes HTTP requests to the letter, right ones and wrong ones: nothing here is checked or mended on the way. */

/** What a request is made of. Header lines are written as they are given; a length is added unless they speak of one. */
export interface RequestParts {
  readonly method?: string;
  readonly target?: string;
  readonly version?: string;
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
  /** What ends a line. */
  readonly lineEnd?: string;
}

const usual = ["Host: localhost", "Content-Type: application/json", "Accept: application/json, text/event-stream"];

const usualParts = {
  method: "POST",
  target: "/mcp",
  version: "HTTP/1.1",
  headers: [] as readonly string[],
  lineEnd: "\r\n",
};

/** Writes a request: POST to the endpoint with the usual headers where nothing else is said. */
export function writeRequest(parts: RequestParts = {}): Buffer {
  const { method, target, version, headers, lineEnd } = { ...usualParts, ...parts };
  const body = typeof parts.body === "string" ? Buffer.from(parts.body) : (parts.body ?? Buffer.alloc(0));
  const isLengthSaid = headers.some((line) => /^(content-length|transfer-encoding)/i.test(line));
  const isBodiless = parts.body === undefined && method === "GET";
  const length = isLengthSaid || isBodiless ? [] : [`Content-Length: ${body.length}`];
  const replaced = new Set(headers.map(nameOf));
  const kept = usual.filter((line) => !replaced.has(nameOf(line)));
  const head = [`${method} ${target} ${version}`, ...kept, ...headers, ...length, "", ""].join(lineEnd);
  return Buffer.concat([Buffer.from(head, "latin1"), body]);
}

const nameOf = (line: string): string => line.split(":", 1)[0]?.toLowerCase() ?? "";

/** The text of a `tools/call`. */
export const callOf = (name: string, id: number | string = 1): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: { text: "a" } } });

/** Writes a body in chunks of these sizes; the last one takes what is left. */
export function writeChunked(body: string, sizes: readonly number[] = []): string {
  let rest = body;
  let text = "";
  for (const size of [...sizes, body.length]) {
    const part = rest.slice(0, size);
    rest = rest.slice(size);
    if (part !== "") text += `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`;
  }
  return `${text}0\r\n\r\n`;
}
