/**
 * How traffic reaches the app in each port mode: who binds which port, what the sidecar dials, what that guarantees.
 * Rests on measured Linux behaviour: podIP:N and 127.0.0.1:N bind beside each other, podIP:N beside a wildcard does not.
 */
import type { InjectionConfig } from "../config.ts";
import type { Settings } from "../read/settings.ts";

/** The ports of one injected pod. */
export interface Wiring {
  /** What the sidecar binds for MCP traffic; also what the aggregator dials. */
  readonly dataPort: number;
  /** True where the sidecar shares the app's port number: it then binds the pod's addresses only. */
  readonly sharesPort: boolean;
  /** What the sidecar dials on loopback; undefined for a stdio server, which it reaches by a socket. */
  readonly upstreamPort: number | undefined;
  /**
   * `loopback`: no network path round the sidecar. `policy`: as good as the network policy of the cluster. `stdio`: nothing
   * listens but the sidecar.
   */
  readonly guarantee: "loopback" | "policy" | "stdio";
  /** Ports that injection takes in the pod besides the app's own number. */
  readonly reserved: readonly number[];
  /** Variables for the app. */
  readonly variables: readonly { readonly name: string; readonly value: string }[];
}

/** Wires an app that listens on `port`, or on none where it speaks stdio. */
export function wire(settings: Settings, port: number | undefined, config: InjectionConfig): Wiring {
  const { control, admin, app } = config.ports;
  const reserved = [control, admin];
  const own = { dataPort: settings.listenPort, sharesPort: false, reserved: [...reserved, settings.listenPort] };
  if (settings.mode === "stdio" || port === undefined)
    return { ...own, upstreamPort: undefined, guarantee: "stdio", variables: [] };
  const shared = { dataPort: port, sharesPort: true, upstreamPort: port, reserved } as const;
  const { hostEnv, portEnv } = settings;
  const setPort = (value: number): Wiring["variables"] =>
    portEnv === undefined ? [] : [{ name: portEnv, value: String(value) }];
  switch (settings.mode) {
    case "sidecar-port":
    case "named-port":
      return { ...own, upstreamPort: port, guarantee: "policy", variables: [] };
    case "loopback":
      return { ...shared, guarantee: "loopback", variables: [] };
    case "env":
      // An app told to bind loopback keeps its number: should it bind a wildcard all the same, it can't start.
      return hostEnv === undefined
        ? { ...shared, upstreamPort: app, reserved: [...reserved, app], guarantee: "policy", variables: setPort(app) }
        : { ...shared, guarantee: "loopback", variables: [hostEnv, ...setPort(port)] };
  }
}
