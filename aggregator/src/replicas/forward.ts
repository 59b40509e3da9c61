/**
 * Passes a whole request on to another replica and its answer back, streams with their back-pressure. Decides which failures mean that
 * nothing was done there, so that somebody else may be asked.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { request, type Dispatcher } from "undici";
import { hopHeader } from "./hop.ts";

/** A request, and where to. */
export interface Forwarded {
  /** Address of the replica. */
  readonly to: string;
  readonly body: Uint8Array;
  /** Value of the header that vouches for it. */
  readonly hop: string;
  /** Longest time in ms until it begins to answer, where that is not at once. */
  readonly headersMs?: number;
}

/**
 * What became of it. `answered`: the caller has an answer, or has gone. `away`: nothing was done there. `frozen`: the same, as far as can
 * be seen from its silence. `broken`: it may have been done. `refused`: the other replica does not know us.
 */
export type ForwardOutcome = "answered" | "away" | "frozen" | "broken" | "refused";

/** A replica begins every answer at once, whatever a call takes. */
const headersMs = 10_000;

/** Headers that belong to the first hop alone, or are said anew on the second. Credentials end here: the hop says who it was. */
const ownHeaders: ReadonlySet<string> = new Set([
  ...["authorization", "cookie", "host", "content-length", "connection", "keep-alive", "transfer-encoding", "upgrade"],
  ...["expect", "te", "trailer", "proxy-authorization", "proxy-connection", "x-api-key", "origin", hopHeader],
]);

/** Failures before anything was sent. */
const unsent: ReadonlySet<string> = new Set([
  ...["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"],
]);

/** Creates what passes requests on. It never rejects. */
export function createForward(dispatcher: Dispatcher) {
  return async (
    req: IncomingMessage,
    res: ServerResponse,
    { to, body, hop, ...bounds }: Forwarded,
  ): Promise<ForwardOutcome> => {
    const gone = new AbortController();
    const onClose = (): void => gone.abort();
    res.once("close", onClose);
    try {
      const answer = await request(to + (req.url ?? "/"), {
        dispatcher,
        // Only these three are routed.
        method: req.method as "GET" | "POST" | "DELETE",
        headers: { ...pickHeaders(req.headers), [hopHeader]: hop },
        body: body.length === 0 ? null : body,
        headersTimeout: bounds.headersMs ?? headersMs,
        bodyTimeout: 0,
        signal: gone.signal,
      });
      const refusal = answer.headers[hopHeader];
      if (refusal !== undefined) {
        await answer.body.dump();
        return refusal === "leaving" ? "away" : "refused";
      }
      res.writeHead(answer.statusCode, pickHeaders(answer.headers));
      res.flushHeaders();
      // A stream that breaks there breaks here.
      await pipeline(answer.body, res).catch(() => undefined);
      return "answered";
    } catch (error) {
      if (gone.signal.aborted) return "answered";
      return judgeFailure(error, req.method);
    } finally {
      res.off("close", onClose);
    }
  };
}

/** Reading a stream or ending a session twice does no harm. */
function judgeFailure(error: unknown, method: string | undefined): ForwardOutcome {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (unsent.has(code)) return "away";
  if (method === "POST") return code === "UND_ERR_HEADERS_TIMEOUT" ? "frozen" : "broken";
  return "away";
}

function pickHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || ownHeaders.has(name) ? [] : [[name, value]],
    ),
  );
}
