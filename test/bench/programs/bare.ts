/** The baseline: a passthrough of node:http and undici that reads nothing and decides nothing. */
import { createServer } from "node:http";
import { Pool } from "undici";

const [origin = "", host = "127.0.0.1", port = "0"] = process.argv.slice(2);
const pool = new Pool(origin, { connections: 256, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => void chunks.push(chunk));
  request.on("end", () => {
    pool.dispatch(
      {
        path: request.url ?? "/",
        method: "POST",
        headers: { "content-type": "application/json" },
        body: Buffer.concat(chunks),
      },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, status, headers) => {
          const length = headers["content-length"];
          response.writeHead(status, {
            "content-type": String(headers["content-type"]),
            ...(length === undefined ? {} : { "content-length": String(length) }),
          });
        },
        onResponseData: (_controller, chunk) => void response.write(chunk),
        onResponseEnd: () => void response.end(),
        onResponseError: () => void response.destroy(),
      },
    );
  });
});
server.keepAliveTimeout = 60_000;
server.listen(Number(port), host, () => {
  const address = server.address();
  if (address !== null && typeof address === "object")
    console.log(JSON.stringify({ msg: "listening", dataPort: address.port }));
});
process.stdin.on("end", () => process.exit(0)).resume();
