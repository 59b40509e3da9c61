/**
 * Loaded into a program before its own code, with --expose-gc: each line on the port of BENCH_HEAP_PORT is answered with the bytes of live
 * objects after a collection.
 */
import { createServer } from "node:net";

const collect = globalThis.gc;
if (collect === undefined) throw new Error("start this with --expose-gc");
createServer((socket) => {
  socket.on("data", () => {
    collect();
    socket.write(`${process.memoryUsage().heapUsed}\n`);
  });
})
  .listen(Number(process.env["BENCH_HEAP_PORT"]), "127.0.0.1")
  .unref();
