/**
 * A port of this machine that leads to whatever pod of the aggregator is Ready. Every connection takes its own way through the API
 * server, so that nothing has to be reconnected when a pod goes: the next connection goes to another, and waits where there is none.
 */
import { createServer, type Server, type Socket } from "node:net";
import type { ApiFailure, RawPod, SocketAccess } from "@outrigger/kube";
import { orderPods, readBackingPod, type BackingPod, type FoundService } from "./find-service.ts";

/** How things stand. `away`: no pod is Ready, or the API server does not answer; `why` is a clause. */
export type TunnelState = { readonly is: "open"; readonly pod: string } | { readonly is: "away"; readonly why: string };

/** What the tunnel works with. */
export interface TunnelOptions {
  readonly access: SocketAccess;
  readonly service: FoundService;
  /** Of 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  /** How long a connection waits for a pod, in ms. */
  readonly waitMs: number;
  readonly onState: (state: TunnelState) => void;
}

/** A running tunnel. */
export interface Tunnel {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Opens the tunnel. Rejects where the port is taken (`code` EADDRINUSE). */
export async function openTunnel({ access, service, port, waitMs, onState }: TunnelOptions): Promise<Tunnel> {
  const { forwardToPod, resources, watchObjects } = await import("@outrigger/kube");
  const connections = new Set<Socket>();
  const waiting = new Set<() => void>();
  let used: string | undefined;
  let told = "";

  const tell = (state: TunnelState): void => {
    const line = JSON.stringify(state);
    if (line !== told) onState(state);
    told = line;
  };
  const look = (): void => {
    const pods = watch.list();
    const [best] = orderPods(pods, used);
    used = best?.name;
    if (best === undefined) tell({ is: "away", why: describeAbsence(pods) });
    else tell({ is: "open", pod: best.name });
    for (const go of waiting) go();
  };

  /** Tries the Ready pods in turn. True once one of them took the connection, which is then at its end. */
  const forward = async (connection: Socket): Promise<boolean> => {
    for (const { name: pod, port: podPort } of orderPods(watch.list(), used)) {
      const onOpen = (): void => tell({ is: "open", pod });
      const wanted = { namespace: service.namespace, pod, port: podPort, onOpen };
      const outcome = await forwardToPod(access, wanted, connection);
      if (outcome.kind === "ended") return true;
      // A pod that has just gone is the watch's to tell.
      if (outcome.failure.kind !== "notFound") tell({ is: "away", why: describeFailure(outcome.failure) });
    }
    return false;
  };

  const serve = async (connection: Socket): Promise<void> => {
    const untilMs = performance.now() + waitMs;
    while (!connection.destroyed && !(await forward(connection)) && performance.now() < untilMs)
      await nextChange(waiting, connection);
    connection.destroy();
  };

  const server = createServer({ pauseOnConnect: true, noDelay: true }, (connection) => {
    connections.add(connection);
    connection.on("error", () => undefined).on("close", () => connections.delete(connection));
    void serve(connection);
  });
  const bound = await listen(server, port);
  const watch = watchObjects<RawPod, BackingPod>({
    access,
    resource: resources.pods,
    labelSelector: service.selector,
    namespaces: [service.namespace],
    read: (pod) => readBackingPod(pod, service.targetPort),
    onChange: () => look(),
    // Pods that are known stay: they may be reached again before they are listed again.
    onFailure: (failure) => tell({ is: "away", why: describeFailure(failure) }),
    onHandlerError: (error) => tell({ is: "away", why: String(error) }),
  });
  return {
    port: bound,
    close: async () => {
      server.close();
      for (const connection of connections) connection.destroy();
      await watch.stop();
    },
  };
}

function describeFailure({ kind, message }: ApiFailure): string {
  return kind === "forbidden"
    ? `${message}; the right to create pods/portforward and to watch pods is needed`
    : message;
}

function describeAbsence(pods: readonly BackingPod[]): string {
  if (pods.length === 0) return "the aggregator has no pod";
  const names = pods.map(({ name }) => name).sort();
  return `no pod of the aggregator is ready (${names.join(", ")})`;
}

/** The longest wait for news of pods before the next attempt, in ms. */
const attemptEveryMs = 1_000;

async function nextChange(waiting: Set<() => void>, connection: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const go = (): void => resolve(undefined);
  waiting.add(go);
  connection.once("close", go);
  const timer = setTimeout(go, attemptEveryMs);
  await promise;
  clearTimeout(timer);
  waiting.delete(go);
}

async function listen(server: Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once("error", reject).listen(port, "127.0.0.1", () => resolve(undefined));
  await promise;
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}
