/** Reviews as a real API server sent them, one line each, recorded by record.ts; their numbers are written anew for each request. */
import { readFileSync } from "node:fs";
import { idPlaceholder } from "../load/request.ts";
import type { PodKind } from "./pods.ts";
import { recordedNamespace } from "./surroundings.ts";

/** The start of the uid that every review bears; its request's number is the rest. */
const uidStart = "0f7c1c9e-0d5c-4d5e-8a53-000";

/** The body of a kind's review, out of a file that holds name and review of each kind, with a tab between them. Throws where there is none. */
export function readReview({ name }: Pick<PodKind, "name">, file: string): string {
  const line = readFileSync(file, "utf8")
    .split("\n")
    .find((each) => each.startsWith(`${name}\t`));
  if (line === undefined) throw new Error(`no review of ${name} was recorded: run test/bench/webhook/record.ts`);
  return line.slice(name.length + 1);
}

/** What every answer to a review has, with {@link idPlaceholder} for the number of its request. */
export const answerToReview: readonly string[] = [`"uid":"${uidStart}${idPlaceholder}"`, `"allowed":true`];

/** A body as it came, made into one that can be sent again and again: its uid and its namespace are the bench's own. */
export function toReusable(body: string, namespace: string): string {
  return body
    .trim()
    .replaceAll(namespace, recordedNamespace)
    .replace(/("request":\{"uid":")[^"]+/, `$1${uidStart}${idPlaceholder}`);
}
