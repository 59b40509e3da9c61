/** `npm run demo`: real servers behind real sidecars and one endpoint, shown step by step; every step checks what it says. */
import process from "node:process";
import { readColorChoice } from "../../cli/src/color.ts";
import { isPortFree } from "../../cli/src/fleet/port.ts";
import { createIo } from "../../cli/src/io.ts";
import { createNarrator } from "./narrator.ts";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { runTour } from "./tour.ts";

const { color, rest } = readColorChoice(process.argv.slice(2));
const unknown = rest.filter((word) => word !== "--once");
if (unknown.length > 0) {
  process.stderr.write(`error: no such option: ${unknown.join(" ")}\n  next: npm run demo -- --once\n`);
  process.exit(2);
}

const usualPort = 7777;
const io = createIo(process, color);
const interrupted = Promise.withResolvers<"interrupted">();
io.host.onSignal(() => interrupted.resolve("interrupted"));

const exitCode = await runTour({
  narrator: createNarrator(io.out),
  paint: io.out.paint,
  port: (await isPortFree(usualPort)) ? usualPort : await findFreePort(),
  stays: !rest.includes("--once"),
  interrupted: interrupted.promise,
});
process.exit(exitCode);
