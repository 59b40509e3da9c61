/**
 * What holds back the containers after the sidecar until it has bound its ports: a hook that asks the sidecar itself. A startup probe
 * does the same up to a second and a half later, for the kubelet asks it in a rhythm of its own; docs/adr/0027 has the figures.
 */
import type { JsonObject } from "../read/json.ts";

/** How long the sidecar may take, and the time between two questions, in ms. The kubelet itself waits for a hook for ever. */
const limitMs = 60_000;
const pauseMs = 20;

/**
 * The hook. It stands in the pod and not in the image, so that a sidecar of any version can be waited for. The container is started again
 * where it fails; what it printed is in the event FailedPostStartHook.
 */
export function buildStartHook(adminPort: number): JsonObject {
  const script = [
    `const { get } = require("node:http");`,
    `const [host] = process.env.OUTRIGGER_POD_IPS.split(",");`,
    `const again = () => setTimeout(ask, ${pauseMs});`,
    `const hear = (answer) => (answer.statusCode === 200 ? process.exit(0) : answer.resume().on("end", again));`,
    `const ask = () => get({ host, port: ${adminPort}, path: "/startupz" }, hear).on("error", again);`,
    `setTimeout(() => { console.error("the sidecar has not started within ${limitMs / 1_000} s"); process.exit(1); }, ${limitMs});`,
    `ask();`,
  ];
  return { exec: { command: ["/usr/local/bin/node", "-e", `${script.join("\n")}\n`] } };
}
