/**
 * Stands in for the server elsewhere of the example "remote": a real MCP server in a namespace of its own, which serves HTTPS and demands
 * a token.
 */
import { createAuthority, issueLeaf, type KeyedCertificate } from "@outrigger/certs";
import { httpServer } from "../product/workloads.ts";
import type { Manifest } from "../suite/manifest.ts";

const app = "orders";
const port = 8443;
const lifetimeMs = 86_400_000;

/** Makes who vouches for the server: whoever calls it has to trust its certificate. */
export function makeAuthority(): Promise<KeyedCertificate> {
  return createAuthority({ commonName: "The internet of a test", nowMs: Date.now(), lifetimeMs });
}

/** The server's address. */
export function urlOfOrders(namespace: string): string {
  return `https://${app}.${namespace}.svc/mcp`;
}

/** What it is. `image` has the test servers. */
export interface OrdersOptions {
  readonly authority: KeyedCertificate;
  readonly namespace: string;
  readonly image: string;
  readonly token: string;
}

/** Name of its Deployment, for waiting. */
export const ordersName = app;

/** Deployment and Service. */
export async function describeOrders({
  authority,
  namespace,
  image,
  token,
}: OrdersOptions): Promise<readonly Manifest[]> {
  const names = [`${app}.${namespace}.svc`];
  const leaf = await issueLeaf(authority, { names, nowMs: Date.now(), lifetimeMs });
  const values = { PORT: String(port), CERTIFICATE: leaf.certificatePem, KEY: leaf.privateKeyPem, TOKEN: token };
  const container = {
    command: ["node", "/app/orders.mjs"],
    env: Object.entries(values).map(([name, value]) => ({ name, value })),
    ports: [{ containerPort: port }],
    readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
  };
  const spec = { selector: { app }, ports: [{ port: 443, targetPort: port }] };
  return [httpServer(app, { image, container }), { apiVersion: "v1", kind: "Service", metadata: { name: app }, spec }];
}
