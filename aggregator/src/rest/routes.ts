/**
 * Puts the read API on HTTP, route by route from its table. Host and Origin are checked as at the MCP endpoint, since a web page must not read the
 * catalogue either; then that every parameter is known. Who asks was found out at the door. Errors are JSON.
 */
import type { IncomingMessage } from "node:http";
import { reasons } from "@outrigger/api/reasons";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Decision } from "../endpoint/decide.ts";
import { checkNames, type AllowedNames } from "../endpoint/guard.ts";
import type { Endpoints, EndpointLook } from "../endpoint/routes.ts";
import { createAnswers, describeError, type AnswerParts, type RestRequest } from "./answers.ts";
import { restPrefix } from "./openapi/document.ts";
import { operationList, type Operation, type OperationId } from "./openapi/operations.ts";

/** What the API shows, and to whom. */
export interface RestOptions extends AnswerParts {
  readonly allowed: AllowedNames;
  /** What the caller of a request may see: the one place at which the API learns it. Never rejects. */
  readonly decisionFor: (request: IncomingMessage) => Promise<Decision>;
  /** What a caller sees at one endpoint. */
  readonly look: Endpoints["look"];
}

type Look = ({ readonly ok: true } & Omit<RestRequest, "path">) | Extract<EndpointLook, { readonly ok: false }>;

/** What a request is answered from: the endpoint that it names, else everything. */
async function lookAt(
  { look, state, decisionFor }: RestOptions,
  { raw, query: given }: RestHttpRequest,
): Promise<Look> {
  const { endpoint, ...query } = given;
  if (endpoint === undefined) return { ok: true, state, view: await decisionFor(raw), query };
  const seen = await look(raw, typeof endpoint === "string" ? endpoint : "");
  return seen.ok ? { ok: true, state: seen.state, view: seen.decision, query } : seen;
}

type RestHttpRequest = FastifyRequest<{ Params: Record<string, string>; Querystring: Record<string, unknown> }>;

/** Adds the routes. */
export async function addRestRoutes(app: FastifyInstance, options: RestOptions): Promise<void> {
  const answers = createAnswers(options);
  const serve = (id: OperationId, operation: Operation) => async (request: RestHttpRequest, reply: FastifyReply) => {
    const misspelt = findUnknown(operation, request.query);
    if (misspelt !== undefined) return reply.code(400).send(describeError(misspelt));
    const asked = await lookAt(options, request);
    if (!asked.ok) return reply.code(asked.refusal.status).send(describeError(asked.refusal.message));
    const { status, body } = answers[id]({ ...asked, path: request.params, query: asked.query });
    return reply.code(status).send(body);
  };
  await app.register(
    (scope, _options, done) => {
      scope.addHook("onRequest", async (request, reply) => {
        const { host, origin } = request.headers;
        const reason = checkNames({ host, origin }, options.allowed);
        if (reason !== undefined) await reply.code(403).send(describeError(reasons[reason].sentence, { reason }));
      });
      for (const { id, ...operation } of operationList) {
        // Ids of the list are those of the table that it is made from.
        scope.get(toFastify(operation.path), serve(id as OperationId, operation));
      }
      done();
    },
    { prefix: restPrefix },
  );
}

/** A misspelt filter would answer more than was asked for. */
function findUnknown({ parameters }: Operation, query: Readonly<Record<string, unknown>>): string | undefined {
  const known = parameters.flatMap(({ in: place, name }) => (place === "query" ? [name] : []));
  const unknown = Object.keys(query).find((name) => !known.includes(name));
  if (unknown === undefined) return undefined;
  const there = known.length === 0 ? "none is" : `known are ${known.join(", ")}`;
  return `${unknown.slice(0, 64)}: no such parameter; ${there}`;
}

/** `{name}` of OpenAPI is `:name` here. */
const toFastify = (path: string): string => path.replace(/\{([a-z]+)\}/g, ":$1");
