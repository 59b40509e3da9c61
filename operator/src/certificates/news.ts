/** What of the webhook's certificates is worth an Event, and in which words. Pure; who is told is report.ts's. */
import { X509Certificate } from "node:crypto";
import type { Reason } from "@outrigger/api/reasons";
import { isLate, type RotationStep } from "@outrigger/certs";
import type { EventFacts } from "@outrigger/kube";

/** One thing to tell; what it is about is added where it is told. */
export type CertificateNews = Omit<EventFacts, "regarding"> & { readonly reason: Reason };

/** An authority was made, because there was none or because what was there could not sign. */
export function tellMade(made: "created" | "replaced", certificatePem: string): CertificateNews {
  const why = made === "created" ? "there was none" : "the one in the Secret could not sign";
  const note = `The webhook's authority was made, since ${why}: ${describe(certificatePem)}.`;
  return { type: made === "created" ? "Normal" : "Warning", reason: "AuthorityMade", action: "Make", note };
}

/** A step of a rotation was taken. `certificatePem`: the authority that the step is about. */
export function tellStep(step: Exclude<RotationStep, "none">, certificatePem: string): CertificateNews {
  const which = describe(certificatePem);
  switch (step) {
    case "announce":
      return news(
        "AuthorityAnnounced",
        "Announce",
        `The webhook's next authority is trusted before it signs: ${which}.`,
      );
    case "switch":
      return news(
        "AuthoritySwitched",
        "Switch",
        `The webhook's next authority signs: ${which}. The one before stays trusted.`,
      );
    case "retire":
      return news(
        "AuthorityRetired",
        "Retire",
        `The webhook's authority of before is trusted no more; the only one is ${which}.`,
      );
  }
}

/** Somebody had changed whom entries trust, and it was put right. */
export function tellOverwritten(entries: number): CertificateNews {
  const note = `Somebody had changed the caBundle of ${entries === 1 ? "1 entry" : `${entries} entries`}; it was put right.`;
  return { type: "Warning", reason: "TrustRepaired", action: "Repair", note };
}

/** Says whether something of this key may be told now: again after an hour, which is as long as clusters keep Events. */
export type Reminder = (key: string, nowMs: number) => boolean;

const remindMs = 3_600_000;

/** Creates a reminder that has told nothing. */
export function createReminder(): Reminder {
  const told = new Map<string, number>();
  return (key, nowMs) => {
    const sinceMs = nowMs - (told.get(key) ?? Number.NEGATIVE_INFINITY);
    // Below zero the clock went back.
    if (sinceMs >= 0 && sinceMs < remindMs) return false;
    told.set(key, nowMs);
    return true;
  };
}

/** A certificate that is near its end and was not renewed. */
export function tellLate(certificatePem: string, nowMs: number): readonly CertificateNews[] {
  const { validFromDate, validToDate } = new X509Certificate(certificatePem);
  if (!isLate({ fromMs: validFromDate.getTime(), untilMs: validToDate.getTime() }, nowMs)) return [];
  const note = `A certificate that API servers trust is near its end and was not renewed: ${describe(certificatePem)}.`;
  return [{ type: "Warning", reason: "CertificateEnding", action: "Renew", note }];
}

function news(reason: Reason, action: string, note: string): CertificateNews {
  return { type: "Normal", reason, action, note };
}

function describe(pem: string): string {
  const { fingerprint256, validToDate } = new X509Certificate(pem);
  return `SHA-256 ${fingerprint256.slice(0, 17)}, until ${validToDate.toISOString().slice(0, 16)}Z`;
}
