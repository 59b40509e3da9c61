/**
 * How many sessions there may be, over all endpoints together, and which one ends when one more is opened: one of the caller that has most
 * of them, so that nobody can end the sessions of others by opening its own. Holds what is open and nothing else; has no clock.
 */

/** A session, as far as room is concerned. */
export interface Guest {
  /** The id of its principal. */
  readonly caller: string;
  /** Requests and streams that are open now. */
  readonly open: number;
  /** In ms, by any one clock. */
  readonly lastUsedMs: number;
}

/** The room for sessions of one program. */
export interface SessionRoom {
  /** Lets a session in; where the room is full another one's `end` is called first. Gives what has to be called once it is over. */
  readonly enter: (guest: Guest, end: () => void) => () => void;
}

/** Sessions that one program keeps open. */
const defaultMaxSessions = 10_000;

/** Creates it, empty. */
export function createSessionRoom(max: number = defaultMaxSessions): SessionRoom {
  const guests = new Map<Guest, () => void>();
  const counts = new Map<string, number>();
  const count = (caller: string, more: 1 | -1): void => {
    const now = (counts.get(caller) ?? 0) + more;
    if (now === 0) counts.delete(caller);
    else counts.set(caller, now);
  };
  const leave = (guest: Guest): void => {
    if (guests.delete(guest)) count(guest.caller, -1);
  };
  return {
    enter: (guest, end) => {
      const leaving = guests.size < max ? undefined : chooseLeaving([...guests.keys()], counts);
      if (leaving !== undefined) {
        const endOther = guests.get(leaving);
        leave(leaving);
        endOther?.();
      }
      guests.set(guest, end);
      count(guest.caller, 1);
      return () => leave(guest);
    },
  };
}

/** Of the caller that has most: the session that is idle longest, else the one that was used last longest ago. */
function chooseLeaving(guests: readonly Guest[], counts: ReadonlyMap<string, number>): Guest | undefined {
  const [greedy] = [...counts].reduce<readonly [string, number]>(
    (one, other) => (other[1] > one[1] ? other : one),
    ["", 0],
  );
  const theirs = guests.filter(({ caller }) => caller === greedy);
  const idle = theirs.filter(({ open }) => open === 0);
  const candidates = idle.length > 0 ? idle : theirs;
  return candidates.reduce<Guest | undefined>(
    (oldest, each) => (oldest === undefined || each.lastUsedMs < oldest.lastUsedMs ? each : oldest),
    undefined,
  );
}
