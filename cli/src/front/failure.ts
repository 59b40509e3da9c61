/** What a client is answered where the endpoint gave no answer to its request: a JSON-RPC error that says why. Pure. */
import { wireErrors, type WireReason } from "@outrigger/api/errors";
import { buildError } from "@outrigger/mcp";

/** Why a request stays without the endpoint's own answer. `rpc`: an error of the endpoint that names no request. */
export interface FrontFailure {
  readonly reason: WireReason;
  readonly message: string;
  readonly rpc?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** The answer to the request of this id (a JSON text). */
export function buildFailure(id: string, { reason, message, rpc }: FrontFailure): Buffer {
  const idBytes = Buffer.from(id);
  if (rpc !== undefined) return buildError({ idBytes, ...rpc });
  const code = wireErrors[reason].jsonRpcCode;
  return buildError({ idBytes, code, message, data: { outrigger: { reason, server: "" } } });
}

/** Reads what an endpoint refused a request with. `place` names the endpoint as messages do. */
export function readRefusal(status: number, body: string, place: string): FrontFailure {
  const rpc = readRpcError(body);
  const said = rpc === undefined ? "" : `: ${rpc.message.replace(/\.$/, "")}`;
  if (status === 401 || status === 403) {
    const message = `${place} refuses the caller (HTTP ${status}${said}). --token-file or --header say who calls.`;
    return { reason: "CallerUnverified", message };
  }
  const message =
    status >= 300 && status < 400
      ? `${place} leads elsewhere (HTTP ${status}). Give the address that it leads to as --endpoint.`
      : `${place} answered HTTP ${status}${said === "" ? ", which is no answer of an MCP endpoint" : said}.`;
  return {
    reason: status === 404 ? "SessionUnknown" : "UpstreamUnavailable",
    message,
    ...(rpc === undefined ? {} : { rpc }),
  };
}

function readRpcError(body: string): FrontFailure["rpc"] {
  try {
    // Raw JSON of somebody else; each member that is used is looked at.
    const { error } = (JSON.parse(body) ?? {}) as { error?: unknown };
    if (typeof error !== "object" || error === null) return undefined;
    const { code, message, data } = error as { code?: unknown; message?: unknown; data?: unknown };
    if (typeof code !== "number" || typeof message !== "string") return undefined;
    return { code, message, ...(data === undefined ? {} : { data }) };
  } catch {
    return undefined;
  }
}
