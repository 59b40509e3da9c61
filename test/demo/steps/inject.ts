/** Step: the same sidecar for a cluster: a labelled Deployment becomes one with a sidecar, and nothing of it is changed. */
import { claim } from "../claim.ts";
import { runCommand } from "../stage/command.ts";
import type { Step } from "../step.ts";

const manifest = (label: string): string => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: notes
spec:
  selector: { matchLabels: { app: notes } }
  template:
    metadata:
      labels:
        app: notes
        outrigger.dev/inject: ${label}
    spec:
      containers:
        - name: server
          image: registry.example/notes:1.0 # stays as it is
          ports:
            - containerPort: 8080
`;

/** Of the lines that are added, those that tell most. */
const telling = /outrigger\.dev\/(injected|endpoint)|name: outrigger-sidecar|image: outrigger|restartPolicy|http:/;

export const inject: Step = {
  title: "Kubernetes: one label, and the webhook puts the same sidecar in",
  run: async (_stage, { paint }) => {
    const original = manifest("enabled");
    const injected = await runInject(original);
    const added = findAdded(original, injected);
    claim(added !== undefined, "every line of the manifest is still there, in its order", injected);
    claim(
      added.some((line) => line.includes("name: outrigger-sidecar")),
      "a sidecar was added",
      added,
    );
    claim((await runInject(injected)) === injected, "injecting once more changes nothing");
    const optedOut = manifest("disabled");
    claim((await runInject(optedOut)) === optedOut, "a Deployment that opts out is left alone");
    const shown = added.filter((line) => telling.test(line));
    return {
      rows: [
        ["outrigger inject -f -", `${added.length} lines added, none changed`],
        ...shown.map((line) => [`${paint.good("+")} ${line.trim()}`]),
        [paint.faint(`… and ${added.length - shown.length} more: probes, limits, security context`)],
      ],
      proven: "injected once and no further; without the label nothing happens",
    };
  },
};

async function runInject(text: string): Promise<string> {
  const { code, out, err } = await runCommand(["inject", "-f", "-"], { stdin: text });
  claim(code === 0, "outrigger inject succeeds", err);
  return out;
}

/** Lines of `after` that `before` lacks; undefined where a line of `before` is gone or has moved. */
function findAdded(before: string, after: string): string[] | undefined {
  const rest = before.split("\n");
  const added = after.split("\n").filter((line) => {
    if (line !== rest[0]) return true;
    rest.shift();
    return false;
  });
  return rest.length === 0 ? added : undefined;
}
