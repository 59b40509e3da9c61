/** Who stands outside in tests of credentials: servers that let in who shows the right thing, and the authorization server that gives it out. */
import { onTestFinished } from "vitest";
import {
  startAuthorizationServer,
  type AuthorizationServer,
  type AuthorizationSetup,
} from "../fixtures/oauth/authorization-server.ts";
import { startGuardedServer, type GuardedServer, type GuardedSetup } from "../fixtures/oauth/guarded-server.ts";

/** The secret of the client `relay`: with characters that forms and headers write otherwise. */
export const secret = "s3cret-of-the-client:with/odd+letters%";

/** Starts a server for the running test. */
export async function startServer(setup: GuardedSetup): Promise<GuardedServer> {
  const server = await startGuardedServer(setup);
  onTestFinished(() => server.close());
  return server;
}

/** Starts an authorization server for the running test, which knows the client `relay`. */
export async function startIssuer(setup: Partial<AuthorizationSetup> = {}): Promise<AuthorizationServer> {
  const issuer = await startAuthorizationServer({ clients: { relay: { secret } }, ...setup });
  onTestFinished(() => issuer.close());
  return issuer;
}

/** A server that takes the issuer's tokens that are meant for it, and says for whom they are. */
export async function startOrders(
  issuer: AuthorizationServer,
  setup: Partial<GuardedSetup> = {},
): Promise<GuardedServer> {
  const server: GuardedServer = await startServer({
    ...setup,
    letIn: async ({ authorization = "" }) => {
      const claims = await issuer.verify(authorization.replace(/^Bearer /, ""), server.url);
      return typeof claims?.["sub"] === "string" ? claims["sub"] : undefined;
    },
  });
  return server;
}

/** A document for the client `relay` of this issuer, with its secret in the file `client-secret`. */
export const clientOf = (issuer: AuthorizationServer, more: object = {}): object => ({
  ...{ kind: "ClientCredentials", issuer: issuer.issuer, clientId: "relay", clientSecret: { file: "client-secret" } },
  ...more,
});

/** Lets in who shows this token. */
export const bearer = (token: string) => (headers: { readonly authorization?: string | undefined }) =>
  headers.authorization === `Bearer ${token}` ? "the relay" : undefined;
