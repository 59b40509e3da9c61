/** `outrigger certs status` for people: who makes what, whom API servers trust, what replicas show, and what is to be done. */
import type { LeaseFacts, Release } from "../check/facts.ts";
import { count, type Finding, type Level } from "../check/finding.ts";
import { toMinute } from "../certs/accept.ts";
import type { Authority, Configuration, Replica, Rotation, Status } from "../certs/status.ts";
import type { Paint } from "./paint.ts";
import { layOut } from "./table.ts";
import { padTo, toOneLine, wrapTo } from "./width.ts";

/** Everything that is told. `phaseUnknown`: why nobody knows the phase, where there is one. */
export interface CertsReport {
  readonly address: string;
  readonly release: Release;
  readonly nowMs: number;
  readonly status: Status;
  readonly lease: LeaseFacts | undefined;
  readonly phaseUnknown: string | undefined;
  readonly findings: readonly Finding[];
}

/** How it is written. `columns` of the terminal; undefined where the text goes to a file or a pipe, and nothing is wrapped. */
export interface CertsStyle {
  readonly paint: Paint;
  readonly columns: number | undefined;
}

const headWidth = 12;
const dayMs = 86_400_000;
const signs: Readonly<Record<Level, string>> = { ok: "✓", note: "i", warning: "!", problem: "✗", unknown: "?" };

const makers: Readonly<Record<Status["mode"], string>> = {
  self: "self: the operator makes the authority, each replica its own certificate",
  "cert-manager": "cert-manager: a Certificate, and whom to trust for it",
  files: "files: a Secret that somebody else fills",
  unknown: "not known: the webhook configuration does not say who is to be trusted",
};

/** The whole report, with its line ends. */
export function formatCerts(report: CertsReport, style: CertsStyle): string {
  const { status, release, address, nowMs, findings } = report;
  const { paint } = style;
  const head = `${paint.title(`Certificates of Outrigger ${release.version} in namespace ${release.namespace}`)}, seen through ${address}`;
  const lines = [
    ...wrap(head, 0, style),
    "",
    ...listHead(report, paint).flatMap((row) => formatRow(row, style)),
    ...section("Authorities that API servers trust", formatAuthorities(status, nowMs, style), paint),
    ...section(
      "Entries of the webhook configurations",
      status.configurations.flatMap((each) => formatEntries(each, paint)),
      paint,
    ),
    ...section(
      "Replicas of the webhook",
      status.replicas.flatMap((each) => formatReplica(each, nowMs, style)),
      paint,
    ),
    "",
    ...findings.flatMap((finding) => formatFinding(finding, style)),
    formatVerdict(findings, paint),
  ];
  return `${lines.join("\n")}\n`;
}

function section(title: string, lines: readonly string[], paint: Paint): readonly string[] {
  return ["", paint.title(title), ...(lines.length === 0 ? [`  ${paint.faint("none")}`] : lines)];
}

/** A word, and behind it what is to be said of it. */
function formatRow([word = "", text = ""]: readonly string[], style: CertsStyle): readonly string[] {
  const [first = "", ...more] = wrap(text, headWidth, style);
  return [`  ${padTo(word, headWidth - 2)}${first.trimStart()}`, ...more];
}

function listHead({ status, lease, nowMs, phaseUnknown }: CertsReport, paint: Paint): readonly (readonly string[])[] {
  const { mode, rotation } = status;
  return [
    ["mode", makers[mode]],
    ...(rotation === undefined ? [] : [["rotation", formatRotation(rotation, nowMs)]]),
    ...(phaseUnknown === undefined ? [] : [["rotation", paint.warn(`not known: ${phaseUnknown}`)]]),
    ...(lease === undefined ? [] : [["operator", formatLease(lease, nowMs)]]),
  ];
}

function formatRotation({ phase, sinceMs, next, dueMs }: Rotation, nowMs: number): string {
  const since = sinceMs === undefined ? "" : ` since ${toTime(sinceMs)}`;
  const due = dueMs === undefined ? "" : ` ${dueMs < nowMs ? "was" : "is"} due ${toTime(dueMs)}`;
  return `${phase}${since}; next: ${next}${due}`;
}

function formatLease({ holder, renewedMs, name }: LeaseFacts, nowMs: number): string {
  if (holder === "") return `nobody holds the lease ${name}`;
  const seconds = Math.max(0, Math.round((nowMs - renewedMs) / 1_000));
  return `${toOneLine(holder)} leads, heard of ${seconds} s ago`;
}

function formatAuthorities(
  { authorities, configurations }: Status,
  nowMs: number,
  style: CertsStyle,
): readonly string[] {
  const { paint } = style;
  const entries = configurations.reduce((sum, each) => sum + each.entries.length, 0);
  return authorities.flatMap((authority) => [
    `  ${paint.name(authority.fingerprint)}  ${formatRole(authority, paint)}`,
    ...wrap(
      `${toOneLine(authority.subject)}; trusted by ${authority.trustedBy} of ${count(entries, "entry", "entries")}`,
      4,
      style,
    ),
    ...wrap(`from ${toTime(authority.fromMs)} ${formatEnd(authority.untilMs, nowMs)}`, 4, style),
  ]);
}

function formatRole({ signs: isSigning }: Authority, paint: Paint): string {
  if (isSigning === undefined) return "";
  return isSigning ? paint.good("signs now") : paint.faint("does not sign now");
}

function formatEntries({ kind, name, entries }: Configuration, paint: Paint): readonly string[] {
  const shown = (trusts: readonly string[]): string =>
    trusts.length === 0 ? paint.bad("nobody") : trusts.map(paint.name).join(" ");
  return [
    `  ${kind} ${toOneLine(name)}`,
    ...layOut(entries.map((entry) => [`    ${toOneLine(entry.name)}`, shown(entry.trusts)])),
  ];
}

function formatReplica(
  { pod, certificate, by, renewsMs, fault, unknown }: Replica,
  nowMs: number,
  style: CertsStyle,
): readonly string[] {
  const { paint } = style;
  const name = toOneLine(pod);
  if (unknown !== undefined) return [`  ${paint.warn("?")} ${name}`, ...wrap(`could not look: ${unknown}`, 4, style)];
  const isTaken = fault === undefined;
  const renewal = renewsMs === undefined ? "" : `, to be renewed about ${toTime(renewsMs)}`;
  return [
    `  ${isTaken ? paint.good("✓") : paint.bad("✗")} ${name}  ${isTaken ? paint.good("accepted") : paint.bad("refused")}`,
    ...(certificate === undefined
      ? []
      : [
          `    ${paint.name(certificate.fingerprint)}${by === undefined ? "" : `, signed by ${paint.name(by)}`}`,
          ...wrap(`${formatEnd(certificate.untilMs, nowMs)}${renewal}`, 4, style),
        ]),
  ];
}

function formatEnd(untilMs: number, nowMs: number): string {
  const leftMs = untilMs - nowMs;
  if (leftMs <= 0) return `until ${toTime(untilMs)}, which is over`;
  const days = Math.floor(leftMs / dayMs);
  const left = days >= 2 ? `${days} days` : count(Math.floor(leftMs / 3_600_000), "hour");
  return `until ${toTime(untilMs)}, ${left} left`;
}

function formatFinding({ level, message, objects = [], next }: Finding, style: CertsStyle): readonly string[] {
  const { paint } = style;
  const brush = { ok: paint.good, note: paint.name, warning: paint.warn, unknown: paint.warn, problem: paint.bad }[
    level
  ];
  return [
    ...wrap(`${brush(`${signs[level]} ${level}`)} ${toOneLine(message)}`, 2, style),
    ...objects.map((each) => `    ${toOneLine(each)}`),
    // A command is never broken: it is there to be copied.
    ...(next === undefined ? [] : [`  ${paint.faint("do:")} ${toOneLine(next)}`]),
  ];
}

function formatVerdict(findings: readonly Finding[], paint: Paint): string {
  const has = (level: Level): boolean => findings.some((each) => each.level === level);
  if (has("problem")) return paint.bad("API servers refuse, or can't ask, a part of the webhook.");
  if (has("unknown")) return paint.warn("Not everything could be looked at.");
  return paint.good("API servers take what every replica shows.");
}

/** Lines behind an indent. */
function wrap(text: string, indent: number, { columns }: CertsStyle): readonly string[] {
  if (columns === undefined) return [" ".repeat(indent) + text.trimEnd()];
  return wrapTo(text, Math.max(20, columns - indent)).map((line) => " ".repeat(indent) + line);
}

const toTime = (ms: number): string => toMinute(new Date(ms));
