/**
 * What the sidecar is told about the app's own probes and hooks, as a variable: a JSON object from the path that the kubelet
 * calls on the sidecar to what the sidecar then does to the app. Also the memory from which strip.ts restores them.
 */
import type { AppProbe, AppProbeEntry } from "@outrigger/api/app-probe";
import { isObject, parseObject, readInteger, readList, readMember, readText, type JsonObject } from "../read/json.ts";
import { handlerKinds, restoreHandler, type NewHandler } from "./slots.ts";
import { decodeVariable } from "./variables.ts";

/** Handlers that an app had of its own, by the path on the sidecar's admin port that stands for each now. */
export type AppHandlers = ReadonlyMap<string, NewHandler>;

/** The text of the variable, before escaping. */
export function encodeAppProbes(probes: ReadonlyMap<string, AppProbeEntry>): string {
  return JSON.stringify(Object.fromEntries(probes));
}

/** The text of the variable with the hooks before a stop, before escaping. */
export function encodeStopHooks(hooks: ReadonlyMap<string, number>): string {
  return JSON.stringify(Object.fromEntries(hooks));
}

/** Reads the handlers that an app had of its own out of the variable's value in a manifest. What is not well formed is left out. */
export function decodeAppHandlers(value: string | undefined): AppHandlers {
  const handlers = new Map<string, NewHandler>();
  for (const [path, raw] of Object.entries(parseObject(decodeVariable(value ?? "")) ?? {})) {
    const handler = isObject(raw) ? readHandler(raw) : undefined;
    if (handler !== undefined) handlers.set(path, handler);
  }
  return handlers;
}

/** Reads the paths of the hooks before a stop out of their variable's value in a manifest. */
export function decodeStopHooks(value: string | undefined): ReadonlySet<string> {
  return new Set(Object.keys(parseObject(decodeVariable(value ?? "")) ?? {}));
}

/** Beside stdio a handler is kept as it was written: its port need not exist. */
function readHandler(raw: JsonObject): NewHandler | undefined {
  if (readText(raw, "kind") === "stdio") {
    const was = readMember(raw, "was");
    const kind = handlerKinds.find((each) => isObject(readMember(was, each)));
    const value = kind === undefined ? undefined : readMember(was, kind);
    return kind === undefined || !isObject(value) ? undefined : { kind, value };
  }
  const probe = readAppProbe(raw);
  return probe === undefined ? undefined : restoreHandler(probe);
}

/** The probe as its author wrote it. */
function readAppProbe(raw: JsonObject): AppProbe | undefined {
  const port = readInteger(raw, "wasPort") ?? readInteger(raw, "port") ?? 0;
  if (port < 1 || port > 65_535) return undefined;
  const timeoutSeconds = readInteger(raw, "timeoutSeconds");
  const base = { port, ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) };
  switch (readText(raw, "kind")) {
    case "http":
      return { kind: "http", ...base, ...readHttp(raw) };
    case "tcp":
      return { kind: "tcp", ...base };
    case "grpc":
      return { kind: "grpc", ...base, service: readText(raw, "service") ?? "" };
    default:
      return undefined;
  }
}

function readHttp(raw: JsonObject): Pick<AppProbe, "path" | "scheme" | "headers"> {
  const scheme = readText(raw, "scheme") === "HTTPS" ? "HTTPS" : "HTTP";
  return { path: readText(raw, "path") ?? "/", scheme, headers: readHeaders(raw, "headers") };
}

/** Reads a list of `{name, value}`; entries of another shape are left out. */
export function readHeaders(raw: JsonObject, key: string): { name: string; value: string }[] {
  return readList(raw, key).flatMap((item) => {
    const name = readText(item, "name");
    return name === undefined ? [] : [{ name, value: readText(item, "value") ?? "" }];
  });
}
