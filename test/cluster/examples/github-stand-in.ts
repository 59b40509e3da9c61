/** Stands in for GitHub inside the cluster: has one issue, and shows it to whoever comes with the token of the Secret "github". */
import type { Manifest } from "../suite/manifest.ts";

const port = 8080;

const program = `
const issue = { number: 7, title: "The hull needs paint", state: "open", user: { login: "mate" }, body: "Before the rain." };
require("node:http").createServer((request, response) => {
  const isKnown = request.headers.authorization === "Bearer " + process.env.TOKEN;
  const isIssue = request.url === "/api/v3/repos/canoe/outrigger/issues/7";
  response.writeHead(isKnown ? (isIssue ? 200 : 404) : 401, { "content-type": "application/json" });
  response.end(JSON.stringify(isKnown && isIssue ? issue : {}));
}).listen(${port});`;

/** Deployment and Service. `image` has Node. */
export function describeStandIn(name: string, image: string): readonly Manifest[] {
  const TOKEN = { name: "TOKEN", valueFrom: { secretKeyRef: { name: "github", key: "token" } } };
  const container = {
    name: "stand-in",
    image,
    imagePullPolicy: "IfNotPresent",
    command: ["node", "--eval", program],
    env: [TOKEN],
    ports: [{ containerPort: port }],
    readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
  };
  const template = {
    metadata: { labels: { app: name } },
    spec: { terminationGracePeriodSeconds: 1, containers: [container] },
  };
  return [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name },
      spec: { selector: { matchLabels: { app: name } }, template },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { selector: { app: name }, ports: [{ port: 80, targetPort: port }] },
    },
  ];
}
