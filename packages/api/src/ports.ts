/** The ports that Outrigger listens on. One place, because manifests, policies, probes and clients must agree. */

/** Default ports, all TCP. `data`: MCP traffic of the sidecar; `control`: its catalogue feed; `admin`: health and metrics. */
export const sidecarPorts = { data: 19_080, control: 19_081, admin: 19_082 } as const;

/** The webhook serves HTTPS on `tls` (open in private clusters that admit 443 and 10250 only) and health on `admin`. */
export const webhookPorts = { tls: 10_250, admin: 8_081 } as const;

/** The aggregator's MCP and REST endpoint, its health and metrics, and where its other replicas pass requests on. */
export const aggregatorPorts = { endpoint: 7_777, admin: 7_778, peers: 7_779 } as const;

/** The operator's health and metrics, and where the aggregator asks for sleeping servers to be woken. */
export const operatorPorts = { admin: 8_081, wake: 8_082 } as const;
