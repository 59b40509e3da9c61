/** What the client's side can do with an exchange while it runs. No behaviour. */

/** Handles of one running exchange, for the client's side. */
export interface RunningCall {
  readonly onDrain: () => void;
  readonly onGone: () => void;
}

/** The handles of an exchange that is answered already. */
export const answered: RunningCall = { onDrain: () => undefined, onGone: () => undefined };
