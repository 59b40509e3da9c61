/** The HTTPS server of the webhook: paths, sizes, time limits and plain HTTP errors. What a review says is review.ts's. */
import { fastify, type FastifyInstance, type FastifyReply } from "fastify";
import type { Server } from "node:https";
import type { KeyedCertificate } from "@outrigger/certs";
import type { Scope } from "../inject/outcome.ts";
import { entries } from "../inject/registration.ts";
import { maxBodyBytes } from "./receive.ts";
import type { Reviewed } from "./review.ts";

/** Answers the body of one request on the path of a scope. */
export type Reviewer = (body: Uint8Array, scope: Scope) => Promise<Reviewed>;

/** The paths; `/mutate` is what a configuration with one entry of pods names. */
const scopeOfPath: ReadonlyMap<string, Scope> = new Map([
  ...entries.map((entry) => [entry.path, entry.scope] as const),
  ["/mutate", "pod"],
]);

/**
 * Time limits. An API server keeps connections idle for 90 s, and one connection must not pin a replica for ever.
 * Node refuses a header limit above the limit of the whole request.
 */
const limits = {
  keepAliveTimeout: 95_000,
  requestTimeout: 10_000,
  headersTimeout: 10_000,
  maxRequestsPerSocket: 10_000,
  checkingIntervalMs: 1_000,
};

const plain = (reply: FastifyReply, code: number, problem: string): FastifyReply =>
  reply.code(code).type("application/json").send({ problem });

/**
 * Creates the server; it listens when the caller says so. The certificate can be replaced with {@link serveCertificate}.
 * While `isLeaving` says so, each answer ends its connection: what the API server asks next goes to another replica.
 */
export function createWebhookApp(
  certificate: KeyedCertificate,
  review: Reviewer,
  isLeaving: () => boolean,
): FastifyInstance<Server> {
  const app = fastify({
    bodyLimit: maxBodyBytes,
    keepAliveTimeout: limits.keepAliveTimeout,
    requestTimeout: limits.requestTimeout,
    maxRequestsPerSocket: limits.maxRequestsPerSocket,
    forceCloseConnections: "idle",
    // Whoever still holds a connection while we stop gets an answer and then the end of it.
    return503OnClosing: false,
    https: {
      key: certificate.privateKeyPem,
      cert: certificate.certificatePem,
      minVersion: "TLSv1.2",
      headersTimeout: limits.headersTimeout,
      connectionsCheckingInterval: limits.checkingIntervalMs,
    },
  });
  app.addHook("onSend", async (_request, reply) => {
    if (isLeaving()) reply.header("connection", "close");
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  for (const [path, scope] of scopeOfPath) {
    app.post(path, async (request, reply) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const reviewed = await review(body, scope);
      return reviewed.ok ? reply.send(reviewed.answer) : plain(reply, 400, reviewed.problem);
    });
  }
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?")[0] ?? "";
    return scopeOfPath.has(path)
      ? plain(reply.header("allow", "POST"), 405, "only POST is answered here")
      : plain(reply, 404, "no such path");
  });
  app.setErrorHandler((error, _request, reply) => answerError(error, reply));
  return app;
}

/** Serves another certificate from now on; connections that stand keep theirs. */
export function serveCertificate(app: FastifyInstance<Server>, certificate: KeyedCertificate): void {
  app.server.setSecureContext({
    key: certificate.privateKeyPem,
    cert: certificate.certificatePem,
    minVersion: "TLSv1.2",
  });
}

const sentences: Readonly<Record<number, string>> = {
  413: `the body is larger than ${maxBodyBytes} bytes`,
  415: "the body must be application/json",
};

/** Everything that fails before the review is the framework's word about the request. */
function answerError(error: unknown, reply: FastifyReply): FastifyReply {
  const code = error instanceof Error && "statusCode" in error ? Number(error.statusCode) : 500;
  const status = code >= 400 && code < 500 ? code : 500;
  return plain(reply, status, sentences[status] ?? (status === 500 ? "internal error" : "the request can't be read"));
}
