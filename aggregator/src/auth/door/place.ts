/** Where the endpoint is for its clients, by the settings: base path, and the names under which it may be asked. Pure. */
import type { AllowedNames } from "../../endpoint/guard.ts";
import type { PublicAddress } from "./public-address.ts";

/** The settings that say it. */
export interface PlaceSettings {
  readonly publicUrl?: PublicAddress | undefined;
  readonly basePath?: string | undefined;
  readonly hosts: readonly string[];
  readonly origins: readonly string[];
}

/** The place. Without `origin` it is that of each request. */
export interface EndpointPlace {
  readonly origin: string | undefined;
  readonly basePath: string;
  readonly allowed: AllowedNames;
}

/** Reads it. The host of the public URL is one that clients ask for. */
export function readPlace({ publicUrl, basePath, hosts, origins }: PlaceSettings): EndpointPlace {
  const own = publicUrl === undefined ? [] : [new URL(publicUrl.origin).hostname];
  return {
    origin: publicUrl?.origin,
    basePath: publicUrl?.basePath ?? basePath ?? "",
    allowed: { hosts: [...hosts, ...own], origins },
  };
}
