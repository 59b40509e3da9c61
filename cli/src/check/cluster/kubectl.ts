/**
 * What is left to the user's own kubectl: to pick a context with everything that belongs to it, and to forward a port through the
 * API server. Says so where there is no kubectl.
 */
import { execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

/** Which cluster is meant: as the options of the same names of kubectl. */
export interface ClusterChoice {
  readonly kubeconfig?: string;
  readonly context?: string;
}

const contextWithinMs = 15_000;
const forwardWithinMs = 15_000;

function toFlags({ kubeconfig, context }: ClusterChoice): readonly string[] {
  return [
    ...(kubeconfig === undefined ? [] : ["--kubeconfig", kubeconfig]),
    ...(context === undefined ? [] : ["--context", context]),
  ];
}

/** A kubeconfig with that context alone, and with no file beside it. Rejects with kubectl's own words. */
export async function readContext(choice: ClusterChoice & { readonly context: string }): Promise<string> {
  const args = [...toFlags(choice), "config", "view", "--raw", "--minify", "--flatten", "--output", "json"];
  try {
    return (await promisify(execFile)("kubectl", args, { timeout: contextWithinMs })).stdout;
  } catch (error) {
    throw new Error(explain(error, "to read --context"), { cause: error });
  }
}

function explain(error: unknown, what: string): string {
  if (error instanceof Error && "code" in error && error.code === "ENOENT")
    return `kubectl is needed ${what}, and is not on the PATH`;
  const words = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
  return words === "" ? `kubectl failed ${what}: ${String(error)}` : words.split("\n").slice(-1).join("");
}

/** Which port of what: `service/NAME` or `pod/NAME`. `port` is its name; `onStart` gets the way to end it, before it works. */
export interface ForwardWanted extends ClusterChoice {
  readonly namespace: string;
  readonly target: string;
  readonly port: string;
  readonly onStart: (close: () => void) => void;
}

/** Forwards a free port of this machine and gives its number. Rejects with a sentence where kubectl can't. */
export async function startForward(wanted: ForwardWanted): Promise<number> {
  const { namespace, target, port } = wanted;
  const place = ["--namespace", namespace, "port-forward", "--address", "127.0.0.1", target, `:${port}`];
  const child = spawn("kubectl", [...toFlags(wanted), ...place], { stdio: ["ignore", "pipe", "pipe"] });
  const close = (): void => void child.kill("SIGTERM");
  wanted.onStart(close);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-1_000)));
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const fail = (why: string): void => reject(new Error(why));
  createInterface({ input: child.stdout }).on("line", (line) => {
    const bound = /^Forwarding from 127\.0\.0\.1:(\d+) /.exec(line)?.[1];
    if (bound !== undefined) resolve(Number(bound));
  });
  child.on("error", (error) => fail(explain(error, "to reach the cluster's Services")));
  child.on("close", () => fail(said.trim().split("\n").at(-1) ?? `kubectl ended without a word`));
  const timer = setTimeout(
    () => fail(`kubectl forwarded no port within ${forwardWithinMs / 1_000} s`),
    forwardWithinMs,
  );
  try {
    return await promise;
  } catch (error) {
    close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
