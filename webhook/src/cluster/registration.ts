/** Does the API server trust us? By watch of the webhook configuration: its entries say which authority they take. */
import { splitPem } from "@outrigger/certs";
import { resources, type ObjectWatch } from "@outrigger/kube";
import { readList, readMember, readText } from "../inject/read/json.ts";
import { entries } from "../inject/registration.ts";
import { watch, type ClusterContext } from "./context.ts";

/** What the configuration says about whom API servers trust. */
export interface WatchedRegistration extends Pick<ObjectWatch<unknown>, "isSynced" | "stop"> {
  /** Every certificate that an entry trusts, each as PEM and once. */
  readonly trusted: () => readonly string[];
  /** Why calls to us could fail; undefined where what every entry trusts (certificates as PEM) is enough. */
  readonly findProblem: (isEnough: (trusted: readonly string[]) => boolean) => string | undefined;
}

/** The authorities that one entry trusts. */
interface EntryTrust {
  readonly name: string;
  readonly trusted: readonly string[];
}

const ourNames = entries.map((entry) => entry.name);

/** Starts watching the configuration of this name. */
export function watchRegistration(context: ClusterContext, name: string, onChange: () => void): WatchedRegistration {
  const { list, isSynced, stop } = watch(context, "registration", {
    resource: resources.mutatingWebhookConfigurations,
    fieldSelector: `metadata.name=${name}`,
    read: readEntries,
    onChange,
  });
  const findProblem: WatchedRegistration["findProblem"] = (isEnough) => {
    const [ours] = list();
    if (ours === undefined || ours.length === 0) return `webhook configuration ${name} has no entry of ours`;
    const lacking = ours.find((entry) => !isEnough(entry.trusted));
    return lacking === undefined ? undefined : `${lacking.name} of webhook configuration ${name} does not trust us yet`;
  };
  const trusted = (): readonly string[] => [
    ...new Set(list().flatMap((found) => found.flatMap((entry) => entry.trusted))),
  ];
  return { findProblem, trusted, isSynced, stop };
}

function readEntries(configuration: unknown): readonly EntryTrust[] {
  return readList(configuration, "webhooks").flatMap((entry) => {
    const name = readText(entry, "name") ?? "";
    if (!ourNames.includes(name)) return [];
    const bundle = readText(readMember(entry, "clientConfig"), "caBundle") ?? "";
    return [{ name, trusted: splitPem(Buffer.from(bundle, "base64").toString("utf8")) }];
  });
}
