/** What an explanation says of an injected pod, as rows of a label and a text. Pure. */
import { stripVTControlCharacters } from "node:util";
import type { InjectionFacts, Resources, ServicePort, Setting } from "../explain/explanation.ts";
import type { Paint } from "./paint.ts";

/** A label and what is said. */
export type Row = readonly [label: string, text: string];

const guarantees: Readonly<Record<string, string>> = {
  loopback: "no network path leads round the sidecar",
  policy: "as good as the network policy of the cluster",
  stdio: "nothing listens but the sidecar",
};

/** The rows of the facts. */
export function listInjectionRows(facts: InjectionFacts, paint: Paint): readonly Row[] {
  const { server, transport, container, serverPort, portMode, guarantee, sidecarPort, path, resources, qos } = facts;
  const at = serverPort === undefined ? "" : `, port ${serverPort}`;
  return [
    ["server", `${paint.name(server)} in container ${container}${at}`],
    ["transport", transport ?? "Streamable HTTP or HTTP+SSE: the sidecar finds out"],
    ["port mode", `${portMode}: the sidecar takes calls on port ${sidecarPort}, path ${path}`],
    ["guarantee", `${guarantee}: ${guarantees[guarantee] ?? ""}`],
    ...listServices(facts, paint),
    ...under("adds", facts.adds.length === 0 ? ["nothing"] : facts.adds),
    ...under("changes", facts.changes.length === 0 ? ["nothing"] : facts.changes),
    ["resources", describeResources(resources)],
    ["QoS class", qos.before === qos.after ? `${qos.after}, as without it` : `${qos.before} becomes ${qos.after}`],
  ];
}

/** Rows of values with where each is from; keys without our prefix, which is the same for all. */
export function listSettingRows(label: string, settings: readonly Setting[], paint: Paint): readonly Row[] {
  return under(
    label,
    settings.map(({ key, value, from }) => `${shorten(key)}=${value} ${paint.faint(`(${from})`)}`),
  );
}

/** A label before the first of several texts. */
export function under(label: string, texts: readonly string[]): readonly Row[] {
  return texts.map((text, index) => [index === 0 ? label : "", text]);
}

/** Labels are faint, but for those that have a colour of their own. */
export function dimLabels(rows: readonly Row[], paint: Paint): readonly Row[] {
  return rows.map(([label, text]) => [stripVTControlCharacters(label) === label ? paint.faint(label) : label, text]);
}

const shorten = (key: string): string => key.slice(key.indexOf("/") + 1);

function listServices(facts: InjectionFacts, paint: Paint): readonly Row[] {
  if (facts.services.length === 0) return [["services", describeTargets(facts)]];
  return under(
    "services",
    facts.services.map((port) => describeService(port, paint)),
  );
}

function describeService({ service, port, targetPort, leadsTo, text }: ServicePort, paint: Paint): string {
  const brush = leadsTo === "sidecar" ? paint.good : leadsTo === "server" ? paint.bad : paint.warn;
  return `${service} port ${port} -> ${targetPort}: ${brush(text)}`;
}

/** What a targetPort would lead to, where no Service is known. */
function describeTargets({ portMode, serverPort, sidecarPort }: InjectionFacts): string {
  if (serverPort === undefined || serverPort === sidecarPort)
    return `none is known; targetPort ${sidecarPort} leads to the sidecar`;
  const byName = portMode === "named-port" ? ", and so does the name of the server's port" : "";
  return `none is known; targetPort ${sidecarPort} leads to the sidecar${byName}, ${serverPort} past it`;
}

function describeResources({ requests, limits }: Resources): string {
  const list = (amounts: Readonly<Record<string, string>>): string =>
    Object.entries(amounts)
      .map(([name, amount]) => `${name} ${amount}`)
      .join(", ");
  return `requests ${list(requests) || "nothing"}; limits ${list(limits) || "nothing"}`;
}
