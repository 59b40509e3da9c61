/** Decides when texts count as changed: when two readings in a row found the same, and it is not what was told last. Part of watch. */

/** Texts by file name. A file that can't be read now has no entry and says nothing. */
export type Texts = ReadonlyMap<string, string>;

/** Readings on demand. */
export interface Settling {
  /** Asks for a reading: something may have changed. */
  readonly look: () => void;
  readonly close: () => void;
}

/** What is read and who is told. `settleMs`: time between the two readings. */
export interface SettlingOptions {
  readonly first: Texts;
  readonly read: () => Promise<Texts>;
  /** Told of one change at a time. */
  readonly onTexts: (texts: Texts) => Promise<void>;
  readonly settleMs: number;
}

/** Creates the settling; `first` counts as told. */
export function createSettling({ first, read, onTexts, settleMs }: SettlingOptions): Settling {
  let last = first;
  let pending: Texts | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isReading = false;
  let isAskedAgain = false;
  let isClosed = false;
  const readOnce = async (): Promise<void> => {
    const texts = new Map([...last, ...(await read())]);
    if (isClosed || isSame(texts, last)) {
      pending = undefined;
    } else if (pending !== undefined && isSame(texts, pending)) {
      last = texts;
      pending = undefined;
      await onTexts(texts);
    } else {
      pending = texts;
      timer = setTimeout(start, settleMs);
    }
  };
  const start = (): void => {
    isReading = true;
    isAskedAgain = false;
    void readOnce().finally(() => {
      isReading = false;
      if (isAskedAgain) look();
    });
  };
  const look = (): void => {
    // What changes during a reading may have come too late for it; after a reading that found something new the timer looks anyway.
    if (isReading) isAskedAgain = true;
    else if (pending === undefined && !isClosed) start();
  };
  return {
    look,
    close: () => {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

function isSame(one: Texts, other: Texts): boolean {
  return one.size === other.size && [...one].every(([file, text]) => other.get(file) === text);
}
