/** Reads an event in which a controller says that it could not create a pod, where that was the webhook's doing. Pure. */
import { admissionEntrySuffix } from "@outrigger/api/cluster-objects";
import { reasonList, type Reason } from "@outrigger/api/reasons";
import type { RawEvent, RawReference } from "@outrigger/kube";

/** A pod that was refused. `wasAsked`: by the webhook itself, and not because nobody answered; `reasons`: those that it named, in the order of the table. */
export interface RefusalFacts {
  readonly uid: string;
  /** RFC 3339; of the last repeat. */
  readonly at: string;
  readonly regarding: RawReference;
  readonly wasAsked: boolean;
  readonly reasons: readonly Reason[];
  readonly note: string;
}

const entryName = `"[a-z0-9.-]*${admissionEntrySuffix.replaceAll(".", "\\.")}"`;
const isOurs = new RegExp(`(admission|calling) webhook ${entryName}`);

/** Reads an event; undefined where it does not tell of our webhook. */
export function readRefusal(event: RawEvent): RefusalFacts | undefined {
  const { metadata, note = "", regarding } = event;
  const ours = isOurs.exec(note);
  if (metadata?.uid === undefined || regarding === undefined || ours === null) return undefined;
  const wasAsked = ours[1] === "admission";
  return { uid: metadata.uid, at: readTime(event), regarding, wasAsked, reasons: readReasons(note), note };
}

function readReasons(note: string): readonly Reason[] {
  const words = [...note.matchAll(/\[([A-Z][A-Za-z]{2,40})\]/g)].map(([, word]) => word);
  return reasonList.filter((reason) => words.includes(reason));
}

/** Controllers write either the old or the new times. */
function readTime({ series, deprecatedLastTimestamp, eventTime, metadata }: RawEvent): string {
  return series?.lastObservedTime ?? deprecatedLastTimestamp ?? eventTime ?? metadata?.creationTimestamp ?? "";
}
