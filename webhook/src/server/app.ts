/** The HTTPS server of the webhook: paths, sizes, time limits and plain HTTP errors. What a review says is review.ts's. */
import { fastify, type FastifyInstance, type FastifyReply } from "fastify";
import type { Server } from "node:https";
import type { KeyedCertificate } from "@outrigger/certs";
import type { Scope } from "../inject/outcome.ts";
import { entries } from "../inject/registration.ts";
import { validatingEntries, type Subject } from "../validate/registration.ts";
import type { Reviewed } from "./answer.ts";
import { createBodyBudget } from "./body-budget.ts";
import { maxBodyBytes } from "./receive.ts";

/** Answers the body of one request. */
type Answerer = (body: Uint8Array) => Promise<Reviewed>;

/** Who answers what. */
export interface Answerers {
  /** About a pod that an entry of this scope matched. */
  readonly review: (body: Uint8Array, scope: Scope) => Promise<Reviewed>;
  /** About what pods come from. */
  readonly validate: (body: Uint8Array, subject: Subject) => Promise<Reviewed>;
}

/** The paths; `/mutate` is what a configuration with one entry of pods names. */
function listPaths({ review, validate }: Answerers): ReadonlyMap<string, Answerer> {
  return new Map<string, Answerer>([
    ...entries.map(({ path, scope }): [string, Answerer] => [path, (body) => review(body, scope)]),
    ["/mutate", (body) => review(body, "pod")],
    ...validatingEntries.map(({ path, subject }): [string, Answerer] => [path, (body) => validate(body, subject)]),
  ]);
}

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
  answerers: Answerers,
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
  const budget = createBodyBudget();
  app.addHook("onRequest", async (request, reply) => {
    const length = request.headers["content-length"];
    const giveBack = budget.take(length === undefined ? maxBodyBytes : Number(length));
    if (giveBack === undefined) return plain(reply.header("retry-after", "1"), 429, "too many large bodies at once");
    reply.raw.once("close", giveBack);
    return undefined;
  });
  app.addHook("onSend", async (_request, reply) => {
    if (isLeaving()) reply.header("connection", "close");
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  const paths = listPaths(answerers);
  for (const [path, answer] of paths) {
    app.post(path, async (request, reply) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const reviewed = await answer(body);
      return reviewed.ok ? reply.send(reviewed.answer) : plain(reply, 400, reviewed.problem);
    });
  }
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?")[0] ?? "";
    return paths.has(path)
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
