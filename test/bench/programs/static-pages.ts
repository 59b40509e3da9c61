/** A server that answers with ready-made bytes, one page after the other: `static-pages.ts FILE PORT`, the file a JSON array of texts. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const [file = "", port] = process.argv.slice(2);
// Written by the benchmark.
const pages = (JSON.parse(readFileSync(file, "utf8")) as readonly string[]).map((page) => Buffer.from(page));
let turn = 0;

createServer((request, response) => {
  request.resume().on("end", () => {
    const body = pages[turn++ % pages.length] ?? "";
    response.writeHead(200, { "content-type": "application/json", "content-length": body.length }).end(body);
  });
}).listen(Number(port), "127.0.0.1");
