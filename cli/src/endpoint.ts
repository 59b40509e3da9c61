/** Which aggregator a command talks to: `--endpoint`, else OUTRIGGER_ENDPOINT, else the one that `outrigger up` starts. */
import { aggregatorPorts } from "@outrigger/api/ports";

/** The address that is used when nobody names one. */
export const defaultEndpoint = `http://127.0.0.1:${aggregatorPorts.endpoint}`;

/** An aggregator. `setting` says what named it. `base` has no slash at its end; `mcpUrl` is `base/mcp`, or the narrower endpoint that was given. */
export interface Endpoint {
  readonly base: string;
  readonly mcpUrl: string;
  readonly setting: string;
  /** The headers that say who asks, for each request anew; absent where nobody is named. */
  readonly credentials?: () => Promise<Readonly<Record<string, string>>>;
  /** The narrower endpoint's path, such as `/mcp/g/NAME`; absent where it is that of all servers. */
  readonly path?: string;
}

/** Picks and reads the address. An address that ends in `/mcp`, or leads to a narrower endpoint such as `/mcp/g/NAME`, is taken as it is. */
export function readEndpoint(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): { readonly ok: true; readonly endpoint: Endpoint } | { readonly ok: false; readonly expected: string } {
  const text = (flag ?? env["OUTRIGGER_ENDPOINT"] ?? defaultEndpoint).replace(/\/+$/, "");
  const source = flag === undefined ? "OUTRIGGER_ENDPOINT" : "--endpoint";
  const url = /^https?:\/\/[^\s?#]+$/.test(text) ? URL.parse(text) : null;
  if (url === null) {
    return { ok: false, expected: `${source}: expected an address such as "${defaultEndpoint}", got "${text}"` };
  }
  return { ok: true, endpoint: { ...split(text, url), setting: nameSetting(flag, env) } };
}

/** What named the address, for messages. */
function nameSetting(flag: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  if (flag !== undefined) return "--endpoint";
  return env["OUTRIGGER_ENDPOINT"] === undefined ? "the default of --endpoint" : "OUTRIGGER_ENDPOINT";
}

/** Takes an address apart at the endpoint's path, where it has one. */
function split(text: string, { origin }: URL): Omit<Endpoint, "setting"> {
  const at = /^(.*?)(\/mcp(?:\/.*)?)$/.exec(text.slice(origin.length));
  if (at === null) return { base: text, mcpUrl: `${text}/mcp` };
  const [, before = "", path = ""] = at;
  return { base: `${origin}${before}`, mcpUrl: text, ...(path === "/mcp" ? {} : { path }) };
}
