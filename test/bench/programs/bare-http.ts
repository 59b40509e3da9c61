/** The baseline of a start: node:http alone, which answers everything with 200. */
import { createServer } from "node:http";

createServer((_request, response) => response.end("ok")).listen(Number(process.argv[2]), "127.0.0.1");
process.once("SIGTERM", () => process.exit(0));
process.stdin.on("end", () => process.exit(0)).resume();
