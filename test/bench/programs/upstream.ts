/** The server behind every proxy of a benchmark: answers like an MCP server, with as little work as Node allows. */
import { createServer } from "node:http";

const text = "x".repeat(180);

/** An answer of about 300 bytes in all, with the caller's id spliced in as it came. */
function answerCall(id: string): string {
  return `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"${text}"}],"isError":false}}`;
}

const tools = Array.from({ length: 20 }, (_, at) => ({
  name: `tool_${at}`,
  description: `Tool number ${at} of the benchmark server, with a description of ordinary length.`,
  inputSchema: {
    type: "object",
    properties: { text: { type: "string", description: "What to work on." } },
    required: ["text"],
  },
}));

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => void chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks).toString("latin1");
    const id = /"id":("[^"]*"|\d+)/.exec(body)?.[1] ?? "null";
    const isList = body.includes('"tools/list"');
    const answer = isList ? `{"jsonrpc":"2.0","id":${id},"result":{"tools":${JSON.stringify(tools)}}}` : answerCall(id);
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(answer) });
    response.end(answer);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object")
    console.log(JSON.stringify({ msg: "listening", dataPort: address.port }));
});
process.stdin.on("end", () => process.exit(0)).resume();
