/** The option `--endpoint` and what happens where nobody answers there: the same for every command that talks to an aggregator. */
import { Option } from "commander";
import { defaultEndpoint, readEndpoint, type Endpoint } from "../endpoint.ts";
import type { Io } from "../io.ts";
import { pickCredentials, type CredentialChoice } from "./credential-options.ts";
import { reportProblem } from "../output/problem.ts";

/** The option. Its value is read by {@link pickEndpoint}. */
export function createEndpointOption(): Option {
  return new Option("--endpoint <url>", `the aggregator; default: OUTRIGGER_ENDPOINT, else ${defaultEndpoint}`);
}

/** The endpoint to use; undefined where the address can't be read, which is reported here. */
export function pickEndpoint(io: Io, flag: string | undefined): Endpoint | undefined {
  const read = readEndpoint(flag, io.env);
  if (read.ok) return read.endpoint;
  reportProblem(io, { code: "OUTRIGGER_ERR_USAGE", what: read.expected });
  return undefined;
}

/** The endpoint to use, and how requests to it say who asks; undefined where either can't be read, which is reported here. */
export function pickCallerEndpoint(
  io: Io,
  options: CredentialChoice & { readonly endpoint?: string },
): Endpoint | undefined {
  const endpoint = pickEndpoint(io, options.endpoint);
  const credentials = endpoint === undefined ? undefined : pickCredentials(io, options);
  return endpoint === undefined || credentials === undefined ? undefined : { ...endpoint, credentials };
}

/** Reports that nobody answers, with what to do about it. */
export function reportUnreachable(io: Io, endpoint: Endpoint, message: string): void {
  const isLocal = endpoint.base === defaultEndpoint;
  reportProblem(io, {
    code: "OUTRIGGER_ERR_ENDPOINT_UNREACHABLE",
    what: `No aggregator answers at ${endpoint.base} (from ${endpoint.setting}): ${message}.`,
    next: isLocal ? "outrigger up" : "check --endpoint or OUTRIGGER_ENDPOINT, or start one here: outrigger up",
  });
}
