/** The unit of every stage: one JSON-RPC message with its bytes, and the era that it belongs to. */
import type { ScannedMessage } from "@outrigger/mcp";

/** The two families of protocol revisions. */
export type Era = "legacy" | "modern";

/** One message with its own bytes. */
export interface Item {
  readonly bytes: Buffer;
  readonly message: ScannedMessage;
}
