// A program that behaves as its argument says; stands in for a sidecar where only processes are tested.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";

const [behaviour, file] = process.argv.slice(2);
const listen = () => console.log(JSON.stringify({ level: "info", msg: "listening", dataPort: process.pid }));

if (behaviour === "serve") {
  process.stdin.on("end", () => process.exit(0)).resume();
  process.on("SIGTERM", () => process.exit(0));
  listen();
}
if (behaviour === "crash") {
  console.error("first words\nlast words");
  process.exitCode = 7;
}
if (behaviour === "deaf") {
  process.on("SIGTERM", () => undefined);
  const grandchild = spawn(process.execPath, ["-e", "setInterval(() => undefined, 1000)"], { stdio: "ignore" });
  writeFileSync(file, String(grandchild.pid));
  setInterval(() => undefined, 1000);
  listen();
}
