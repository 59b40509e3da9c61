/** Opens vouching from the settings, and says in the log what becomes of its keys. Keys are never told, their ids are. */
import type { Logger } from "@outrigger/runtime/logger";
import { idOf } from "../auth/principal.ts";
import type { AggregatorSettings } from "../settings.ts";
import { openVouching, type Vouching } from "./vouching.ts";

/** The name of an aggregator that has no address of its own. */
const usualIssuer = "outrigger";

/** Starts it. Errors: throws where the file can't be read or used; the message names the flag. */
export function startVouching(
  { assertionKey, publicUrl }: Pick<AggregatorSettings, "assertionKey" | "publicUrl">,
  logger: Logger,
): Vouching {
  const opened = openVouching({
    keyFile: assertionKey,
    issuer: publicUrl === undefined ? usualIssuer : `${publicUrl.origin}${publicUrl.basePath}`,
    nowMs: () => Date.now(),
    onKeys: (ids) => logger.info({ kids: ids }, "the keys that vouch for callers changed"),
    onProblem: (problem) =>
      logger.error({ problem }, "the keys that vouch for callers can't be used; the ones before stay"),
    onTooLarge: (principal) =>
      logger.warn({ caller: idOf(principal) }, "a caller's groups and claims do not fit: no server hears who it is"),
  });
  if (!opened.ok) throw new Error(`--assertion-key: ${opened.problem}`);
  return opened.vouching;
}
