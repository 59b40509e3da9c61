/** Tells who runs the program what of the endpoint file is not there, once all servers were read and whenever that is something else. */
import type { HealthReport } from "@outrigger/runtime/health";
import type { Logger } from "@outrigger/runtime/logger";
import type { CatalogueSnapshot } from "../catalog/merge.ts";
import { listAbsent } from "./absent.ts";
import type { EndpointFile } from "./plan.ts";

/** What is looked at. `isRead`: until then a server may just not have been found. */
export interface TellAbsentParts {
  readonly file: () => EndpointFile;
  readonly catalogue: () => CatalogueSnapshot;
  readonly isRead: () => boolean;
  readonly logger: Logger;
}

/** Looks when it is told to; `details` for `/readyz`. */
export interface AbsentTeller {
  readonly look: () => void;
  readonly details: () => HealthReport["checks"];
}

/** Creates it. */
export function tellAbsent({ file, catalogue, isRead, logger }: TellAbsentParts): AbsentTeller {
  let told: readonly string[] = [];
  return {
    look: () => {
      if (!isRead()) return;
      const absent = listAbsent(file(), catalogue());
      if (absent.join() === told.join()) return;
      told = absent;
      if (absent.length > 0) logger.warn({ absent }, "the endpoint file names what is not there");
      else logger.info("everything that the endpoint file names is there");
    },
    details: () => (told.length === 0 ? [] : [{ name: "endpoint rules", ok: false, message: told.join("; ") }]),
  };
}
