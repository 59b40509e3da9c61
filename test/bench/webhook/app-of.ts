/** By what the kinds of pods are told apart in a review. Pure. */
import { readMember, readText } from "../../../webhook/src/inject/read/json.ts";

/** The label `app` of the pod that a review is about; empty where it has none. */
export function findApp(review: unknown): string {
  const members = ["request", "object", "metadata", "labels"];
  return readText(members.reduce(readMember, review), "app") ?? "";
}
