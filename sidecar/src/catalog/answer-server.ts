/** Answers what a legacy server asks the sidecar's own client: a ping with a result, everything else with "no such method". */
import { rpcCodes } from "@outrigger/api/errors";
import { buildError, buildResult, type ClientVoice } from "@outrigger/mcp";
import { ask, type MessageListener, type ServerAccess } from "./ask.ts";

/** Returns a listener that posts an answer to each request of the server. We declare no capability, so none is due but ping. */
export function refuseServerRequests(to: {
  readonly access: ServerAccess;
  readonly voice: ClientVoice;
  readonly sessionId: string | undefined;
}): MessageListener {
  return (message) => {
    const { id, method } = message;
    if (to.voice.era !== "legacy" || typeof method !== "string") return;
    if (typeof id !== "string" && typeof id !== "number") return;
    void ask(to.access, {
      message: { body: answerTo(method, id), headers: headersOf(to.voice) },
      sessionId: to.sessionId,
    });
  };
}

function answerTo(method: string, id: string | number): Buffer {
  const idBytes = Buffer.from(JSON.stringify(id), "utf8");
  return method === "ping"
    ? buildResult({ idBytes, result: {} })
    : buildError({ idBytes, code: rpcCodes.methodNotFound, message: "Method not found" });
}

function headersOf({ version }: ClientVoice): Readonly<Record<string, string>> {
  return {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    ...(version === undefined ? {} : { "mcp-protocol-version": version }),
  };
}
