/**
 * Requests that wait for their answer, or for the rest of it, so that a program that ends lets them have it. Streams that have begun are none:
 * they end with the program, whenever that is.
 */
import type { ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";

/** Counts from now on; gives the count. */
export function watchAnswering(app: FastifyInstance): () => number {
  const open = new Set<ServerResponse>();
  app.addHook("onRequest", async (_request, { raw }) => {
    open.add(raw);
    raw.once("close", () => open.delete(raw));
  });
  return () => [...open].filter(isWaitedFor).length;
}

function isWaitedFor({ headersSent, writableEnded, writableFinished }: ServerResponse): boolean {
  return writableEnded ? !writableFinished : !headersSent;
}
