/**
 * Decides which of a sidecar's catalogues is read: the one of nobody in particular, or, where callers can be vouched for and see different
 * things, the one of all callers with the policy that tells them apart. Pure.
 */
import type { FeedState } from "@outrigger/api/feed";
import type { Vouchers } from "../assertion/signer.ts";

/** A catalogue by digest, and the policy that decides about it, where one does. */
export interface WantedView {
  readonly digest: string;
  readonly policy: string | undefined;
}

/** By what a list of all callers is known with the policy that decides about it. */
export function guardKeyOf({ digest, policy }: { readonly digest: string; readonly policy: string }): string {
  return `${digest} ${policy}`;
}

/** What is wanted of a sidecar in this state; undefined before its first list. */
export function chooseView(
  feed: Pick<FeedState, "digest" | "callers" | "vouchers"> | undefined,
  canVouch: (vouchers: Vouchers) => boolean,
): WantedView | undefined {
  if (feed?.callers !== undefined && canVouch(feed.vouchers)) return feed.callers;
  return feed?.digest === undefined ? undefined : { digest: feed.digest, policy: undefined };
}

/** Whether two are the same, or there is neither. */
export function isSameView(one: WantedView | undefined, other: WantedView | undefined): boolean {
  return one?.digest === other?.digest && one?.policy === other?.policy;
}
